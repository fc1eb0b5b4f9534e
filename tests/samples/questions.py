# ruff: noqa: E501 - each row is one line
"""Thirty articles, a hundred questions with the article that answers each, and other mail.

The questions were written as people write, before any of them was tried. Every second of
them (`HELD_OUT`) was never looked at while the limits of `triage/ranking.py` were set.
"""

from mailer.model.article import Article

_ARTICLES = """
returns | Sending something back | return, exchange, wrong size, does not fit, send back | You have 30 days to send back what you bought. Put the slip into the parcel.
refund | When you get your money back | refund, money back, credit, reimbursed | We pay back within 14 days of getting the parcel.
shipping-time | How long delivery takes | delivery time, when arrives, how many days, shipped | Parcels take two to five working days.
shipping-cost | What shipping costs | postage, freight, shipping fee, free shipping | Above 80 euros shipping is free.
abroad | Which countries we deliver to | ship to, abroad, international, iceland, overseas, country | We deliver to all of Europe and to Iceland.
tracking | Following your parcel | track, tracking number, where is my parcel, package | The link is in the letter that we send when it leaves.
damaged | Something arrived broken | damaged, broken, defect, cracked, torn | Take a picture and write to us with the order number.
missing | Something is missing from the parcel | missing item, incomplete, left out, only part arrived | Look whether it comes in a second parcel.
change-order | Changing or cancelling an order | cancel order, change order, ordered by mistake | Until it is packed you can change it.
address | Changing your delivery address | new address, moved, moving house, wrong address | Open your account and change it there.
pay | How you can pay | payment methods, card, invoice, paypal, vipps, klarna | Card, invoice, Vipps and Klarna.
declined | My card was declined | card declined, payment failed, card rejected | Banks ask for a second step.
invoice | Getting an invoice or receipt | receipt, invoice copy, vat, tax, bookkeeping | Each order has a PDF in your account.
password | I forgot my password | reset password, log in, login, sign in, locked out | Press the link below the form.
account-delete | Deleting your account | delete account, close account, remove my data, erase | You can do so yourself on your page.
newsletter | Leaving the newsletter | unsubscribe, newsletter, stop emails, too many emails | Each letter has a link at its end.
voucher | Using a voucher or gift card | voucher, gift card, discount code, coupon | Type the code before you pay.
gift | Sending an order as a gift | gift wrap, present, birthday, greeting card | We wrap it and leave out the price.
size | Finding your size | size chart, sizing, measurements, which size | Measure your chest and compare.
tent-wash | Washing a tent | wash tent, clean, dirt, mould, mildew | Use lukewarm water and a sponge.
waterproof | Making a jacket waterproof again | waterproof, impregnate, leaks, lets water through, rain jacket | Wash it, then spray it.
tent-poles | Replacing a tent pole | tent pole, broken pole, spare part, snapped | We have poles by the metre.
stove-fuel | Which fuel a stove takes | stove, gas canister, fuel, spirit, burner | Look below the burner for the type.
sleeping-bag | How warm a sleeping bag is | sleeping bag, temperature, comfort rating, winter, cold | The comfort rating is what counts.
boots-care | Caring for leather boots | leather boots, wax, grease, boot care, shoes | Brush them and put on wax.
warranty | How long things are guaranteed | warranty, guarantee, years, claim | Five years on all that we sew.
repair | Having something repaired | repair, zip, zipper, seam, mend, fix | Our workshop mends zips and seams.
shop-hours | When our shops are open | opening hours, open, sunday, store, holiday hours | Monday to Saturday from ten to six.
rental | Renting equipment | rent, hire, borrow, rental, deposit | Tents and skis by the day.
courses | Joining a course or a trip | course, trip, guided, beginners, avalanche course, booking | Courses are on our calendar.
"""

_QUESTIONS = """
returns | The trousers do not fit, can I return them?
returns | I'd like to exchange my jacket for a different size. How do I send it back?
returns | Return of order: I bought two tents and want to send one back
returns | how does returning things work with you
refund | I sent the boots back three weeks ago, when will I get my refund?
refund | Still no money back on my card after the return
refund | When am I reimbursed for the parcel you received on Monday? Waiting for my money back.
shipping-time | How many days does delivery take?
shipping-time | When will my order arrive? I ordered it on Tuesday and delivery time was not shown
shipping-time | Hi, what is your usual delivery time to Bergen
shipping-cost | What is the shipping fee for a small parcel?
shipping-cost | Do you have free shipping?
shipping-cost | How much is postage for one sleeping mat?
abroad | Do you ship to Iceland?
abroad | We live overseas, in Canada. Is international delivery possible?
abroad | which countries do you deliver to
tracking | Where is my parcel? I have no tracking number.
tracking | The tracking link does not work
tracking | Can I track my package?
damaged | The lamp arrived broken
damaged | My new thermos was damaged in the post, the lid is cracked
damaged | The parcel came torn open and the cup is broken
missing | One item is missing from my parcel
missing | I ordered three things but only part of it arrived, incomplete parcel
missing | Missing item in order 20443
change-order | Please cancel my order, I ordered it by mistake
change-order | Can I still change my order?
change-order | Cancelling order 7781
change-order | I want to cancel an order from this morning
address | We have moved, how do I change my delivery address?
address | I typed the wrong address in my order
address | New address from January
pay | Can I pay by invoice or Klarna?
pay | Which payment methods do you take?
pay | do you accept paypal
pay | Paying with Vipps?
declined | My card was declined twice
declined | The payment failed, card rejected, what now?
declined | Card declined at checkout although there is money on it
invoice | I need a receipt for my bookkeeping
invoice | Could you send me a copy of the invoice with VAT?
invoice | Where do I find my receipt? Need it for tax
password | I forgot my password
password | I can't log in any more, how do I reset my password?
password | locked out of my login
account-delete | Please delete my account
account-delete | How can I close my account and have you remove my data?
account-delete | erase my account please
newsletter | How do I unsubscribe from your newsletter?
newsletter | Too many emails! Stop the newsletter
newsletter | I don't want your newsletter any more, stop emails
voucher | How do I use my gift card?
voucher | The discount code is not accepted
voucher | Where do I type in the voucher?
voucher | I have a coupon and a discount code, can both be used?
gift | Can you gift wrap it? It is a birthday present
gift | I'd like to send this as a present with a greeting card
gift | do you offer gift wrap
size | Which size should I take? I am 183 cm
size | Do you have a size chart for the fleece
size | sizing of the women's trousers, where are the measurements?
tent-wash | How do I wash my tent?
tent-wash | There is mould on my tent, how can I clean it
tent-wash | cleaning a tent with mildew
waterproof | My rain jacket lets water through after two years
waterproof | How do I make my jacket waterproof again?
waterproof | Can I impregnate the rain jacket at home?
tent-poles | A tent pole snapped, where do I get a spare part?
tent-poles | Broken pole on my tent, can you send a new one
tent-poles | spare tent pole
stove-fuel | Which fuel does my stove take?
stove-fuel | Does the burner fit a gas canister from another brand? It is a small stove
stove-fuel | Can I use spirit in the stove
sleeping-bag | Is this sleeping bag warm enough for winter?
sleeping-bag | What does the comfort rating of a sleeping bag mean
sleeping-bag | How cold may it be for my sleeping bag? Temperature?
boots-care | How should I care for my leather boots?
boots-care | Do I put wax or grease on the boots
boots-care | which wax for leather shoes
warranty | How long is the warranty on a backpack?
warranty | Is there a guarantee of five years
warranty | warranty claim
repair | The zip of my tent is broken, can you repair it?
repair | Can you mend a seam?
repair | I need a new zipper in my sleeping bag, do you repair these?
repair | Repairing a torn seam on trousers
shop-hours | What are your opening hours?
shop-hours | Is the store open on Sunday?
shop-hours | opening hours in Bergen over the holiday
shop-hours | when do you open the shop on Saturday? opening hours please
rental | Can I rent skis?
rental | I'd like to hire a tent for the weekend, what is the deposit?
rental | rental equipment, do you have it, how much to rent
courses | Do you have an avalanche course for beginners?
courses | How do I sign up for a guided trip
courses | booking a course
courses | Are there any courses in March? I am a beginner
refund | refund not received
returns | sending back shoes that don't fit
tracking | package lost? tracking says nothing
"""

_OTHER = """
Hello, I am a journalist and would like to talk to your founder about the outdoor industry.
Happy birthday to the whole team!
My grandmother used to tell us stories about the mountains, and your catalogue made me cry.
Meeting on Thursday at ten? Jonas
We are a marketing agency with first-class search engine results for small businesses.
Dear Sir, I am the son of a late minister and need your assistance with a transaction.
Application as a sales assistant, my CV is attached
Thank you so much, you made our holiday!
Can you sponsor our school's football team?
Your website looks strange on my old telephone, the letters overlap
The lady at the counter was rude to me on Saturday.
I love what you do.
Is the managing director called Hansen or Hanssen?
We would like to sell your products in our chain of supermarkets, who is responsible?
Please forward this to your legal department.
Lunch?
I saw an accident in front of your building and wonder if you have a camera there.
My dog ate the catalogue.
What do you think about the new climate law?
Your advertisement on the radio is far too loud
I found a wallet in the car park, name of Berit Olsen
Do you know a good bakery in Voss?
Survey for my master's thesis on sustainable consumption
The fire alarm inspection is due on 12 March
Hei, takk for sist! Ring meg.
Ich wollte nur sagen, dass der Film gestern grossartig war.
Congratulations on the prize that I read about in the newspaper
Is it true that bears are in those woods?
Could I have the recipe for the soup from the hut?
I disagree with what your chairman wrote about wind power.
Poem for you: the snow falls softly on the fell
Do you buy old maps?
"""


def _rows(text: str) -> list[list[str]]:
    return [[one.strip() for one in line.split("|")] for line in text.strip().splitlines()]


ARTICLES = tuple(
    Article(name, "en", title, asked, text) for name, title, asked, text in _rows(_ARTICLES)
)
QUESTIONS = tuple((words, name) for name, words in _rows(_QUESTIONS))
LOOKED_AT, HELD_OUT = QUESTIONS[::2], QUESTIONS[1::2]
OTHER_MAIL = tuple(_OTHER.strip().splitlines())
