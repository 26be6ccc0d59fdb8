"""Full stops that end no sentence, and other habits of writing, by language. Data only; read by `boundaries`.

All in lower case and without their last full stop. Chosen from what language models and letters really write; a word
that is missing costs a clause border at a wrong place, one too many only a longer clause.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """What one language needs to tell a full stop from an abbreviation's."""

    inside: frozenset[str]
    """Always followed by more of the sentence: titles, "e.g."."""
    maybe_last: frozenset[str]
    """Ends the sentence if a capital follows, not before a number: "etc.", "Jan. 5"."""
    before_number: frozenset[str]
    """Abbreviated only in front of a number: "No. 5"; otherwise a word."""
    starters: frozenset[str]
    """Words that so often begin a sentence that even an initial or an ordinal before them ends one."""
    whole_letters: frozenset[str] = frozenset()
    """Single letters that are words."""
    has_ordinal_stops: bool = False
    """"3." is "third"."""
    closing_quotes: str = ""
    """Quotation marks that close here and open elsewhere."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = Abbreviations(
    inside=_words(
        "mr mrs ms mx dr prof st rev fr hon pres gov sen rep gen col maj capt cmdr lt sgt cpl pvt adm supt mt messrs "
        "e.g i.e eg ie cf vs viz approx est resp incl excl ca al dept univ assn bros misc esp orig tel ext attn"
    ),
    maybe_last=_words(
        "etc inc ltd co corp llc plc jr sr esq a.m p.m am pm b.c a.d ph.d m.d min max "
        "ave blvd rd hwy jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun "
        "ft lb lbs oz hr hrs sq"
    ),
    before_number=_words("no nos fig figs p pp vol vols art ch chap sec eq ed pt par nr"),
    starters=_words(
        "the a an this that these those it he she we they i you but and so if when then there here what why how who "
        "where now yes no my your his her our their in on at for as after before because while however also"
    ),
    whole_letters=_words("i"),
)

GERMAN = Abbreviations(
    inside=_words(
        "hr hrn fr dr prof dipl ing med phil st sel bzw ca vgl sog ggf evtl inkl exkl zzgl z.b d.h u.a o.ä i.d.r i.d "
        "v.a z.t u.u s.o s.u m.e a.d u.d n.chr v.chr gem lt mind max tel bspw insb allg geb gest verh ev kath österr "
        "dt engl frz lat röm jan feb apr aug sept okt nov dez mo di mi do sa bes ehem abs"
    ),
    maybe_last=_words("usw etc str u.a.m u.v.m usf jh jhd mio mrd std min sek co inc jr sen"),
    before_number=_words("nr s bd abb art kap tab ziff § hs"),
    starters=_words(
        "der die das ein eine es er sie wir ich ihr du man aber und doch dann da dort hier wenn weil was wer wie wo "
        "warum ja nein nun jetzt so mein dein sein unser diese dieser dieses auch außerdem danach deshalb"
    ),
    has_ordinal_stops=True,
    closing_quotes="“‘«‹",
)

FRENCH = Abbreviations(
    inside=_words(
        "m mm mme mmes mlle mlles dr pr prof me mgr st ste c.-à-d c.à.d p.ex ex cf env av apr hab bd fg rte tél vs "
        "janv févr avr juil sept oct nov déc boul"
    ),
    maybe_last=_words("etc j.-c cie inc ltd sté s.a s.a.r.l"),
    before_number=_words("p pp no nos n vol art chap fig éd tél"),
    starters=_words(
        "le la les un une des ce cet cette ces il elle on nous vous ils elles je tu mais et donc or si quand alors "
        "puis ici là oui non mon ma mes ton son sa ses notre votre leur en dans pour que qui où comment pourquoi c'est"
    ),
    whole_letters=_words("y à a"),
)

SPANISH = Abbreviations(
    inside=_words(
        "sr sra srta sres sras dr dra dres prof profa d dña don lic ing arq gral cnel cap ud uds vd vds sto sta fr "
        "p.ej ej aprox máx mín av avda ave pza c vs cf excmo excma tel tfno dpto depto ee ene feb abr jun jul ago sept "
        "oct nov dic"
    ),
    maybe_last=_words("etc s.a s.l cía ltda inc ee.uu a.c d.c a.m p.m jr"),
    before_number=_words("núm nro no pág págs vol art cap fig n p pp"),
    starters=_words(
        "el la los las un una unos unas este esta esto ese esa eso él ella nosotros ellos ellas yo tú usted pero y si "
        "cuando entonces luego aquí allí sí no mi tu su nuestro en por para que qué quién cómo dónde también además"
    ),
    whole_letters=_words("y o u e a"),
)

BY_LANGUAGE = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH}


def abbreviations_of(language_code: str) -> Abbreviations:
    """Those of a BCP 47 language; English where we know none."""
    return BY_LANGUAGE.get(language_code.replace("_", "-").split("-")[0].lower(), ENGLISH)
