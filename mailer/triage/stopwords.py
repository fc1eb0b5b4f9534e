"""Words that say nothing about what is asked, in English, Norwegian and German."""

_ENGLISH = """
a about after again all also am an and any are as at be because been before being but by can
could did do does doing dont down each else for from get gets getting give go goes going got
had has have having hello her here hi his how i if im in into is it its ive just know let
like ll look make many may me might more most much must my need no not now of off on one or
other our out over please possible re really regards same say see she should since so some
something still such take tell than thank thanks that the their them then there these they
thing think this those through to too until up us use used using very want wanted was way we
well were what when where whether which while who why will wish with within without would
yes yet you your yours dear good morning day afternoon best kind sincerely cheers help
question wondering hope ask asking looking try tried trying today yesterday tomorrow week
weeks month months ago long does doesnt didnt cant wont couldnt isnt
"""
_NORWEGIAN = """
alle alt at av bare ble bli blir både da de deg dem den denne der dere deres det dette din
disse ditt du eller en enn er et etter for fordi fra få får gjør gjøre gå går ha hadde han
har hei hele henne her hilsen hun hva hvem hver hvilke hvilken hvis hvor hvordan hvorfor i
ikke inn jeg kan kom komme kunne lurer man mange med meg men mer mest min mine mitt mot mye
må ned noe noen nå når og også om opp oss over på seg selv si siden sin skal skulle slik som
så takk til ut uten vi vil ville være vært vennlig dag spørsmål hjelp
"""
_GERMAN = """
aber alle als also am an auch auf aus bei bin bis bitte da damit danke dann das dass dem den
denn der des die dies diese diesem dieser dieses doch dort du durch ein eine einem einen
einer eines er es etwas für ganz geht gehen gibt gruß grüße guten haben hallo hat hatte ich
ihm ihn ihnen ihr ihre im in ins ist ja jetzt kann kein keine können könnte machen man mehr
mein meine meinem meinen meiner mich mir mit muss möchte nach nein nicht noch nun nur oder
ohne schon sehr sein seit sich sie sind so soll tag über um und uns unser unter viel vom von
vor war warum was weil wenn wer werden wie wieder will wir wird wo wurde würde zu zum zur
frage hilfe freundlichen
"""

STOPWORDS = frozenset(f"{_ENGLISH} {_NORWEGIAN} {_GERMAN}".split())
