# ruff: noqa: E501, RUF001 - each row is one line, in its language's own letters
"""What people write to a shop in any week, in thirty-four languages.

Written as one asks a shop, not to lead a rule astray (`awkward.py` has such): no row was
tried before it stood here, and none was changed because of what it was taken for.
Each is: language, name, address, charsets that mail programs write it in, subject, text.
Our own writing, under the licence of this project.
"""

from samples.rows import Said, read

EVERYDAY: tuple[Said, ...] = read(
    """
en | Margaret Hill | m.hill@example.com | us-ascii iso-8859-1 windows-1252 | tent pegs missing? | Good morning. The tent came on Tuesday but I can only find eleven pegs and the label says fourteen. Could you pop three more in the post for me?
de | Jörg Müller | joerg.mueller@example.de | iso-8859-1 iso-8859-15 windows-1252 | Reißverschluss klemmt | Guten Tag, der Reißverschluss an meiner Jacke klemmt seit gestern. Kann ich sie zur Reparatur einschicken, und was würde das kosten? Mit freundlichen Grüßen
fr | Élodie Lefèvre | elodie@example.fr | iso-8859-1 iso-8859-15 windows-1252 | commande incomplète | Bonjour, j'ai bien reçu le colis mais la lampe frontale n'y était pas. Pourriez-vous vérifier s'il vous plaît ? Merci à vous.
es | José Muñoz | jose.munoz@example.es | iso-8859-1 windows-1252 | ¿Talla 42 o 43? | Hola, dudo entre la talla 42 y la 43 de las botas. ¿Las vuestras son más bien pequeñas? Muchas gracias y un saludo.
it | Niccolò Bianchi | niccolo@example.it | iso-8859-1 windows-1252 | Il pacco non è arrivato | Buongiorno, secondo il corriere il pacco è stato consegnato lunedì, però qui non c'è niente. Mi potete aiutare?
nl | Daniël de Vries | daniel@example.nl | iso-8859-1 windows-1252 | vraag over de garantie | Hallo, na één winter laten de naden van mijn tent los. Valt dat nog onder de garantie? Foto's kan ik sturen. Groeten
pt | João Conceição | joao@example.pt | iso-8859-1 windows-1252 | Fatura com o NIF errado | Boa tarde, a fatura que recebi tem o número de contribuinte trocado. É possível emitir outra? Obrigado pela atenção.
nb | Åse Bjørnstad | aase@example.no | iso-8859-1 windows-1252 | Soveposen er for kort | Hei, jeg bestilte soveposen i størrelse 185, men den er for kort for meg. Kan jeg bytte den i en lengre? Hilsen Åse
sv | Björn Sjögren | bjorn@example.se | iso-8859-1 windows-1252 | Var är mitt paket? | Hej! Jag beställde ett kök för två veckor sedan och har inte hört något. När kommer det? Tack på förhand.
da | Søren Kjær | soeren@example.dk | iso-8859-1 windows-1252 | Bytte gaven | Hej, min søster fik en rygsæk i gave, men den er for stor. Kan hun få en mindre uden at have kvitteringen?
fi | Päivi Mäkelä | paivi@example.fi | iso-8859-1 iso-8859-15 | Väärä väri | Hei, tilasin vihreän takin mutta sain sinisen. Miten saan vaihdettua sen? Ystävällisin terveisin Päivi
is | Þórunn Guðmundsdóttir | thorunn@example.is | iso-8859-1 windows-1252 | Sendið þið til Ísafjarðar? | Góðan daginn, mig langar að vita hvað það kostar að fá tjald sent heim. Takk fyrir, Þórunn
pl | Małgorzata Wójcik | malgosia@example.pl | iso-8859-2 windows-1250 | Zwrot kurtki | Dzień dobry, chciałabym zwrócić kurtkę, bo rękawy są za krótkie. Czy mogę liczyć na zwrot pieniędzy? Pozdrawiam serdecznie
cs | Jiří Dvořák | jiri@example.cz | iso-8859-2 windows-1250 | Chybí návod | Dobrý den, u vařiče chybí návod k použití. Můžete mi ho prosím poslat? Děkuji, Jiří Dvořák
sk | Ľubomír Štefánik | lubo@example.sk | iso-8859-2 windows-1250 | Poškodená zásielka | Dobrý deň, krabica prišla roztrhnutá a stan je mokrý. Čo mám robiť ďalej? S pozdravom
hu | Győző Szűcs | gyozo@example.hu | iso-8859-2 windows-1250 | Mikor érkezik a csomagom? | Jó napot! Múlt héten rendeltem egy hátizsákot, és szeretném tudni, mikor küldik. Köszönöm szépen!
ro | Ștefan Țurcanu | stefan@example.ro | utf-8 iso-8859-16 | Bocanci prea mici | Bună ziua, bocancii pe care i-am comandat sunt prea mici. Îi pot schimba cu unii mai mari? Mulțumesc frumos
el | Γιώργος Παπαδόπουλος | giorgos@example.gr | iso-8859-7 windows-1253 | Ερώτηση για τη σκηνή | Καλημέρα σας, θα ήθελα να μάθω πόσα άτομα χωράει η σκηνή. Ευχαριστώ πολύ.
ru | Анна Соколова | anna@example.ru | koi8-r windows-1251 iso-8859-5 | Не подошёл размер | Здравствуйте! Куртка оказалась мала. Можно ли обменять её на размер побольше? Спасибо.
uk | Олена Їжакевич | olena@example.ua | koi8-u windows-1251 | Де моє замовлення? | Доброго дня! Замовила ліхтарик тиждень тому, але посилки ще немає. Чи можете перевірити?
bg | Желязко Щерев | jelyazko@example.bg | windows-1251 iso-8859-5 | Въпрос за палатката | Здравейте, палатката пропуска вода при шева. Какво да направя? Благодаря предварително.
sr | Ђорђе Живковић | djordje@example.rs | windows-1251 iso-8859-5 | Питање о ципелама | Добар дан, да ли имате ове ципеле у броју 45? Хвала унапред и поздрав.
hr | Željka Šarić | zeljka@example.hr | iso-8859-2 windows-1250 | Račun za tvrtku | Dobar dan, trebala bih račun na ime tvrtke za zadnju narudžbu. Možete li mi ga poslati? Hvala
sl | Črtomir Žagar | crtomir@example.si | iso-8859-2 windows-1250 | Menjava nahrbtnika | Pozdravljeni, nahrbtnik ima strgano naramnico. Ga lahko zamenjate? Lep pozdrav
lt | Žydrūnas Šimkus | zydrunas@example.lt | windows-1257 iso-8859-13 iso-8859-4 | Palapinės stulpas lūžo | Laba diena, per audrą lūžo palapinės stulpas. Ar galima nusipirkti tik jį? Ačiū
lv | Jānis Bērziņš | janis@example.lv | windows-1257 iso-8859-13 | Piegāde uz Rīgu | Labdien, vai jūs sūtāt preces arī uz Rīgu un cik tas maksā? Paldies jau iepriekš
et | Õie Tõnisson | oie@example.ee | iso-8859-15 windows-1257 | Arve on puudu | Tere, ma ei leia oma tellimuse arvet kuskilt. Kas saaksite selle mulle saata? Tänan
tr | Gülşah Yılmaz | gulsah@example.com.tr | iso-8859-9 windows-1254 | Ceketin rengi farklı | Merhaba, sipariş ettiğim ceketin rengi fotoğraftakinden çok farklı. İade etmek istiyorum, nasıl yapabilirim?
ar | ليلى حداد | layla@example.ae | windows-1256 iso-8859-6 | أين طلبي | مرحبا، طلبت حقيبة ظهر قبل أسبوعين ولم تصل بعد. هل يمكنكم التحقق من ذلك؟ شكرا لكم
he | נועה כהן | noa@example.co.il | windows-1255 iso-8859-8 | החלפת נעליים | שלום רב, הנעליים שקיבלתי קטנות מדי. איך אפשר להחליף אותן במידה גדולה יותר? תודה
th | สมชาย ใจดี | somchai@example.co.th | tis-620 windows-874 | สอบถามเรื่องเต็นท์ | สวัสดีครับ เต็นท์รุ่นนี้กันฝนได้ไหมครับ และจัดส่งกี่วัน ขอบคุณครับ
zh | 王小明 | xiaoming@example.cn | gb2312 gbk gb18030 | 帐篷的尺寸 | 您好，我想知道这个帐篷能睡几个人，收起来有多大。谢谢！
ja | 山田花子 | hanako@example.jp | iso-2022-jp shift_jis euc-jp | 寝袋について | はじめまして。先日購入した寝袋の洗い方を教えていただけますか。よろしくお願いいたします。
ko | 김민수 | minsu@example.kr | euc-kr ks_c_5601-1987 | 배송 문의 | 안녕하세요. 지난주에 주문한 텐트가 아직 도착하지 않았습니다. 확인 부탁드립니다. 감사합니다.
"""
)
