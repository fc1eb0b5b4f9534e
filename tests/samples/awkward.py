# ruff: noqa: E501, RUF001 - each row is one line, in its language's own letters
"""What people write in the very words that machines use: of holidays, absences, returns.

Written with the rules in view, to lead them astray: a subject may speak of a vacation and
yet be a person's. Each is: language, name, address, charsets, subject, text.
Our own writing, under the licence of this project.
"""

from samples.rows import Said, read

AWKWARD: tuple[Said, ...] = read(
    """
en | Peter Ross | peter@example.com | us-ascii iso-8859-1 | Tent for our vacation in June | We are going on vacation in June and I wonder whether the tent will be here by then. I am away from the 3rd, so please write before that.
en | Ann Lee | ann@example.org | us-ascii windows-1252 | Nobody answered, are you out of office? | I wrote last week and nobody answered. Are you out of the office until Monday, or did my message get lost? It says undeliverable nowhere.
en | Sam Okafor | sam@example.net | us-ascii | My delivery failed | The driver said the delivery failed because the address is unknown. It is not, I have lived here for ten years.
en | Liz Moore | liz@example.com | us-ascii | Challenge: which stove for Everest? | Here is a challenge for you. Which stove still burns at minus thirty?
de | Käthe Vogel | kaethe@example.de | iso-8859-1 windows-1252 | Lieferung während unserer Abwesenheit | Guten Tag, wir sind ab Freitag im Urlaub. Können Sie das Paket in unserer Abwesenheit beim Nachbarn abgeben lassen?
de | Uwe Groß | uwe@example.de | iso-8859-15 | Ich war im Urlaub und habe die Frist verpasst | Hallo, ich war drei Wochen im Urlaub und konnte nicht zurückschicken. Geht das trotzdem noch?
fr | Benoît Gérard | benoit@example.fr | iso-8859-1 windows-1252 | Livraison en mon absence | Bonjour, je serai en congé la semaine prochaine. Le livreur peut-il déposer le colis en mon absence chez la voisine ?
fr | Zoé Garçon | zoe@example.fr | iso-8859-15 | absence de notice dans la boîte | Bonjour, je m'étonne de l'absence de notice dans la boîte. Où puis-je la télécharger ?
es | Begoña Peña | begona@example.es | iso-8859-1 windows-1252 | Estaré ausente el día de la entrega | Buenos días, el martes estaré ausente todo el día. ¿Pueden entregar el paquete el miércoles?
it | Agnese Però | agnese@example.it | iso-8859-1 | Assenza del corriere e consegna | Salve, il corriere dice assenza del destinatario, ma io ero a casa tutto il giorno. Perché succede?
nl | Loïs Bakker | lois@example.nl | iso-8859-1 | Ik ben afwezig op de leverdag | Hallo, ik ben vrijdag afwezig. Kan het pakketje ook zaterdag bezorgd worden? Alvast bedankt.
pt | Inês Galvão | ines@example.pt | iso-8859-1 | Minha ausência na entrega | Olá, na minha ausência ninguém pode receber a encomenda. Podem deixá-la numa loja?
nb | Håkon Sæther | haakon@example.no | iso-8859-1 | Er ikke til stede når pakken kommer | Hei, jeg er ikke til stede på torsdag. Kan pakken hentes i butikken i stedet?
sv | Märta Öberg | marta@example.se | iso-8859-1 | Frånvaro vid leverans | Hej, vid min frånvaro kan grannen ta emot paketet. Går det bra?
da | Mogens Ågård | mogens@example.dk | iso-8859-1 | Vi er på ferie, når I leverer | Hej, vi er fraværende i hele uge 30. Kan I vente med at sende, til vi er hjemme igen?
fi | Jyrki Hämäläinen | jyrki@example.fi | iso-8859-15 | Olen poissa toimituspäivänä | Hei, olen poissa kotoa ensi viikolla. Voitteko toimittaa paketin vasta sen jälkeen?
is | Ásgeir Þorsteinsson | asgeir@example.is | iso-8859-1 | Ég verð í fríi þegar pakkinn kemur | Sæl, ég verð í fríi og enginn er heima. Getið þið geymt pakkann fyrir mig?
pl | Łukasz Żak | lukasz@example.pl | iso-8859-2 windows-1250 | Nieobecność w dniu dostawy | Dzień dobry, w środę będę nieobecny. Czy kurier może przyjechać w czwartek? Dziękuję
cs | Růžena Šťastná | ruzena@example.cz | windows-1250 iso-8859-2 | Dovolená a doručení balíku | Dobrý den, příští týden máme dovolenou. Můžete balík poslat až potom? Předem děkuji.
sk | Ďuro Hrušovský | duro@example.sk | windows-1250 | Budem mimo, kedy doručíte? | Dobrý deň, od pondelka budem mimo domu. Kedy presne mi stan doručíte?
hu | Ödön Kőműves | odon@example.hu | iso-8859-2 | Szabadság alatt nem vagyok otthon | Jó napot, a szabadság alatt nem vagyok otthon. Később is küldhetik?
ro | Ionuț Știrbei | ionut@example.ro | utf-8 | Absență la livrare | Bună ziua, curierul a notat absență, dar eram acasă. Puteți retrimite coletul?
el | Ελένη Ζωγράφου | eleni@example.gr | windows-1253 iso-8859-7 | Απουσία κατά την παράδοση | Καλησπέρα, λόγω διακοπών θα λείπω. Μπορείτε να στείλετε το δέμα αργότερα;
ru | Пётр Ёлкин | petr@example.ru | koi8-r windows-1251 | Буду отсутствовать в день доставки | Здравствуйте, в пятницу я буду отсутствовать: уезжаю в отпуск. Перенесите, пожалуйста, доставку.
uk | Ґалина Єфімова | galyna@example.ua | koi8-u windows-1251 | Відпустка і доставка | Добрий день, у мене відпустка до кінця місяця. Чи можна затримати посилку?
bg | Юлия Ъглова | yulia@example.bg | windows-1251 | Ще отсъствам при доставката | Здравейте, ще отсъствам една седмица. Може ли да доставите по-късно?
sr | Љубица Њежић | ljubica@example.rs | windows-1251 | Одсуство и испорука | Добар дан, због одсуства не могу да примим пакет. Може ли касније?
hr | Đurđa Čović | djurdja@example.hr | windows-1250 | Na godišnjem sam kad stiže paket | Dobar dan, na godišnjem sam do petka. Možete li dostavu pomaknuti?
sl | Žiga Čuček | ziga@example.si | windows-1250 | Dopust in dostava | Pozdravljeni, med dopustom me ni doma. Lahko paket počaka?
lt | Eglė Ąžuolaitė | egle@example.lt | windows-1257 | Atostogos ir pristatymas | Laba diena, per atostogas namuose nieko nebus. Ar galite pristatyti vėliau?
lv | Ģirts Ķēniņš | girts@example.lv | windows-1257 | Prombūtne piegādes dienā | Labdien, piegādes dienā būšu prombūtnē. Vai var atvest nākamajā dienā?
et | Ülle Äär | ylle@example.ee | iso-8859-15 | Puhkus ja tarne | Tere, meil algab puhkus ja kedagi pole kodus. Kas tarne saab edasi lükata?
tr | İbrahim Çağlar | ibrahim@example.com.tr | windows-1254 iso-8859-9 | Tatilde olacağım, teslimat | Merhaba, gelecek hafta tatilde olacağım. Kargoyu komşuma bırakabilir misiniz?
ar | خالد منصور | khaled@example.ae | windows-1256 | سأكون في إجازة عند التسليم | السلام عليكم، سأكون في إجازة الأسبوع القادم. هل يمكن تأجيل التسليم؟
he | דוד לוי | david@example.co.il | windows-1255 | אהיה בחופשה בזמן המשלוח | שלום, אהיה בחופשה בשבוע הבא. האם אפשר לדחות את המשלוח?
th | มาลี สุขใจ | malee@example.co.th | tis-620 | ไม่อยู่บ้านวันส่งของ | สวัสดีค่ะ สัปดาห์หน้าลาพักร้อน ไม่อยู่บ้าน เลื่อนวันส่งได้ไหมคะ
zh | 李娜 | lina@example.cn | gb18030 gb2312 | 我休假期间怎么收货 | 你好，下周我休假不在家，能不能晚几天再送？麻烦你们了。
tw | 陳怡君 | yichun@example.tw | big5 | 送貨時我不在家 | 您好，週五我不在家，可以請您改到下週一送貨嗎？謝謝。
ja | 佐藤健 | ken@example.jp | iso-2022-jp shift_jis | 休暇中の配達について | お世話になります。来週は休暇で不在にしますので、配達を遅らせていただけますか。
ko | 박지영 | jiyoung@example.kr | euc-kr | 휴가라서 부재중입니다 배송 문의 | 안녕하세요. 다음 주에는 휴가라서 집에 아무도 없습니다. 배송을 늦춰 주실 수 있나요?
vi | Nguyễn Thị Hương | huong@example.vn | utf-8 | Tôi đi nghỉ khi hàng đến | Xin chào, tuần sau tôi đi nghỉ nên không có ai ở nhà. Có thể giao hàng muộn hơn được không?
hi | राधा शर्मा | radha@example.in | utf-8 | छुट्टी के दौरान डिलीवरी | नमस्ते, अगले सप्ताह हम छुट्टी पर हैं। क्या पार्सल बाद में भेजा जा सकता है?
id | Dewi Lestari | dewi@example.id | us-ascii | Saya cuti waktu paket datang | Halo, minggu depan saya cuti dan tidak ada orang di rumah. Bisa dikirim sesudahnya?
fa | مریم رضایی | maryam@example.ir | utf-8 | مرخصی و تحویل بسته | سلام، هفته آینده در مرخصی هستم. می‌شود بسته را دیرتر بفرستید؟
"""
)
