# ruff: noqa: E501 - each row is one line
"""Mail that no article answers, a hundred messages with `questions.OTHER_MAIL`.

Written as such mail is, before any of it was tried, and unchanged since.
"""

UNRELATED: tuple[str, ...] = tuple(
    """
Dear Sir, I am a third-year student of biology and would like to interview your founder for our paper.
Our choir sings in the old church on Friday evening and we would be glad to see you there.
I found a grey cat with a white paw behind your building. Is it anybody's?
We are the landlord of the house next door and will put up scaffolding from Monday on.
Attached is my application for the job as an accountant. I can begin in March.
Do you still need somebody to help with the harvest of apples this autumn?
Your chimney sweep will come on Thursday between eight and noon.
Congratulations on your twenty-fifth anniversary from all of us at the rowing club.
I am writing a novel in which a shop such as yours burns down. May I use its real name?
The parents' evening of class 3b takes place in the gym at seven.
We offer search engine optimisation and guarantee the first place on Google within four weeks.
Could your company sponsor the jerseys of our handball team?
My grandmother founded a shop of the same name in 1931. Are we perhaps related?
The minutes of the meeting are attached. Please send your remarks by Wednesday.
I am an artist and paint portraits of dogs. Would you exhibit them in your window?
Our bakery has a new owner since the first of May.
Who took the photograph of the lighthouse on your wall? I would love to talk to her.
The council will close the bridge for heavy lorries until the end of June.
I represent a group of investors who would like to buy a share of your business.
Thank you for the lovely evening yesterday. The soup was delicious.
We translate texts into forty languages, quickly and at a fair rate.
Is it true that you were on the radio this morning? I missed it.
Please confirm your attendance at the conference on renewable energy.
My son lost his first tooth in your parking lot, and we would be so happy to have it again.
The fire brigade tests the sirens on Saturday at noon.
I dreamt of your logo. What does it mean?
Our museum collects old signs. Do you have one in your cellar that you could spare?
We would like to film a scene of our series in front of your house at night.
Bees have settled in the wall between our gardens. Do you mind if I call a beekeeper?
The annual general meeting elected Mrs Berg as the new chair.
Would one of you give a talk about founding a company at our school?
I play the accordion and am free on weekends for weddings.
Your lawyer asked me to forward the contract to you. You find it below.
Good luck for the marathon on Sunday!
A lorry has bumped into your fence. I wrote down its number plate.
As a tax adviser I know a dozen companies like yours. Let us have lunch.
The library misses a volume on mosses that was lent to your address in 2019.
I would like to nominate you for the prize of the chamber of commerce.
The neighbours complain about the music in your yard after ten in the evening.
We are looking for a flat with three rooms in your street. Do you know of one?
Happy new year from the whole team in Ljubljana.
Do you breed huskies? Somebody told me so.
I saw an eagle above your roof today, with a fish in its claws.
Our parish collects blankets for refugees and asks for your support.
The lift in the building is out of order. A mechanic has been called.
Please vote for our village in the competition for the prettiest fountain.
We have developed an artificial intelligence that writes poems about products.
My uncle says that he knew your father in the navy. Greetings from Halifax.
The power will be off on Tuesday from one to three because of works in the substation.
I study typography. Which typeface is the one on your door?
Your colleague left her umbrella on the train. I have it here.
We publish a yearbook of family businesses and would print a portrait of yours.
Who is responsible for the roundabout with the iron reindeer?
An old letter addressed to your house was found in our attic.
The chess club meets on Mondays from now on.
Can you recommend a good dentist in your town? We have just arrived.
I have composed a jingle for you. Listen to it here.
The trees along the road are going to be pruned next week.
We would like to invite you to a podcast about leadership.
My class collects stamps from all over Europe. Would you send us an envelope?
You have inherited four million dollars from a distant cousin. Reply in confidence.
The results of the blood test are ready at the surgery.
Our kindergarten would like to see how your people work. Twenty children, very well behaved.
There was an error in the newspaper: your shop is not in Bergen but in Bodø.
I am the new pastor and would like to introduce myself.
Do you know what became of the carousel that stood by the harbour?
The band needs a drummer. You have one, I hear.
Cheap watches, best quality, discreet.
""".strip().splitlines()
)
