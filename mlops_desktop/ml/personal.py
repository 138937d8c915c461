"""Columns that likely hold personal data: told by their values, or by names in many languages."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import ColumnProfile

_MOST = 0.9  # The share of the values that must look like it,
_LEAST = 5  # and how many different ones there must be.
_LETTERS = 0.8

_EMAIL = re.compile(r"[\w.+%-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
EMAIL_PATTERN = r"[A-Za-z0-9_.+%-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
_PHONE = re.compile(
    r"(?:\+[0-9][0-9 ().\-/]{6,20}|\([0-9]{2,5}\) ?[0-9][0-9 \-/]{4,}|"
    r"[0-9]{3}[-. ][0-9]{3}[-. ][0-9]{4})"
)
_DIALLED = re.compile(r"[+0-9][0-9 ().\-/]{5,20}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_DATE = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}\b.*")
_WORDS = re.compile(r"[^\W\d_]+")

_STROKES = str.maketrans("øłđı", "oldi")  # These are letters of their own, not accented ones.

# Whom a column is about says nothing of what it holds.
_OWNERS = (
    " customer client patient employee person user member contact student passenger guest owner "
    "applicant buyer seller driver teacher guardian parent emergency primary secondary home work "
    "private business mobile billing shipping kunde kunden mitarbeiter patienten cliente clienti "
    "empleado paciente utente dipendente usuario aluno "
    "the of de du des der del della di do da van "
)
_NAMES = (
    "first name;last name;full name;given name;family name;middle name;surname;forename;firstname;"
    "lastname;fullname;maiden name;vorname;nachname;familienname;geburtsname;prenom;"
    "nom de famille;nombres;apellido;apellidos;primer apellido;segundo apellido;cognome;"
    "sobrenome;primeiro nome;voornaam;achternaam;fornamn;efternamn;fornavn;etternavn;efternavn;"
    "etunimi;sukunimi;imie;nazwisko;jmeno;prijmeni;priezvisko;prezime;keresztnev;vezeteknev;"
    "soyad;soyadi;имя;фамилия;отчество;фио;ονομα;επωνυμο;姓名;氏名;名前;이름"
)
# Of a product or a place as well: they count beside a sign that rows are people.
_PERHAPS_NAMES = "name;nom;nombre;nome;namn;navn;naam;nimi;meno;ime;nev;adi"
_PEOPLE = (
    "sex;gender;age;geschlecht;alter;sexe;sesso;sexo;edad;eta;idade;geslacht;leeftijd;kon;alder;"
    "plec;wiek;pohlavi;vek"
)
_BIRTHS = (
    "birth date;date of birth;birthdate;birthday;dob;born on;geburtsdatum;geburtstag;"
    "geboren am;date de naissance;date naissance;fecha de nacimiento;fecha nacimiento;"
    "data di nascita;data nascita;data de nascimento;data nascimento;geboortedatum;fodelsedatum;"
    "fodselsdato;fodselsdag;syntymaaika;data urodzenia;datum narozeni;datum narodenia;"
    "datum rodenja;szuletesi datum;dogum tarihi;"
    "дата рождения;ημερομηνια γεννησης;出生日期;生年月日;생년월일"
)
_PHONES = (
    "phone;phone number;phone no;telephone;telephone number;tel;tel no;cell phone;cellphone;"
    "mobile;mobile phone;mobile number;fax;fax number;telefon;telefonnummer;handy;handynummer;"
    "mobiltelefon;telefone;celular;telefono;cellulare;movil;portable;telefoonnummer;telefoon;"
    "telefonszam;telefonnumer;телефон;τηλεφωνο;电话;手机;電話番号;전화번호"
)
_EMAILS = "email;e mail;mail;email address;e mail address;correo;correo electronico;courriel"


@dataclass(frozen=True, slots=True)
class Personal:
    """what: 'e-mail addresses' and the like. by_name: its values did not tell."""

    column: str
    what: str
    by_name: bool


def personal(
    columns: Sequence[ColumnProfile], values_of: Callable[[str], Sequence[str]]
) -> Iterator[Personal]:
    """values_of gives some hundred random values of a column, as text, without the missing ones.

    E-mail addresses as RFC 5321 forms them; phone numbers with a + (ITU-T E.164) or in the usual
    groups; card numbers by their digit of Luhn (ISO/IEC 7812-1), account numbers by that of IBAN
    (ISO 13616, ISO 7064 mod 97-10), IP addresses by their ranges. Names and dates of birth are
    told by the column's name only.
    """
    words = {column.name: _words(column.name) for column in columns}
    people = any(
        any(_is(name, signs) for signs in (_EMAILS, _BIRTHS, _NAMES, _PEOPLE))
        for name in words.values()
    )
    for column in columns:
        name = words[column.name]
        if column.distinct < _LEAST or column.type is ColumnType.BOOLEAN:
            continue
        if column.type is ColumnType.DATETIME:
            if _is(name, _BIRTHS):
                yield Personal(column.name, "dates of birth", by_name=True)
        elif column.type is ColumnType.INTEGER:
            yield from _of_numbers(column, name, values_of)
        elif column.type is ColumnType.TEXT:
            values = values_of(column.name)
            what, by_name = _by_values(values), False
            if not what:
                what, by_name = _by_name(name, values, people=people), True
            if what:
                yield Personal(column.name, what, by_name)


def _of_numbers(
    column: ColumnProfile, name: list[str], values_of: Callable[[str], Sequence[str]]
) -> Iterator[Personal]:
    numbers = column.numbers
    if numbers is None or numbers.low < 1e6:
        return
    if numbers.low >= 1e12 and _mostly(values_of(column.name), _is_card):
        yield Personal(column.name, "card numbers", by_name=False)
    elif _is(name, _PHONES):
        yield Personal(column.name, "phone numbers", by_name=True)


def _by_values(values: Sequence[str]) -> str:
    kinds = (
        ("e-mail addresses", lambda text: _EMAIL.fullmatch(text) is not None),
        ("card numbers", _is_card),
        ("bank account numbers (IBAN)", _is_iban),
        ("phone numbers", _is_phone),
    )
    for what, test in kinds:
        if _mostly(values, test):
            return what
    # 1.2.3.4 is also a version, whose numbers are small.
    large = any(int(part) > 99 for text in values for part in text.split(".") if part.isdecimal())
    colons = any(text.count(":") > 1 for text in values)
    return "IP addresses" if (large or colons) and _mostly(values, _is_ip) else ""


def _by_name(name: list[str], values: Sequence[str], *, people: bool) -> str:
    if _is(name, _NAMES) or (people and _is(name, _PERHAPS_NAMES)):
        lettered = sum(
            not any(map(str.isdigit, text)) and (len(text) > 1 or not text.isascii())
            for text in values
        )
        return "names of people" if lettered >= _LETTERS * max(1, len(values)) else ""
    if _is(name, _BIRTHS) and _mostly(values, lambda text: _DATE.fullmatch(text) is not None):
        return "dates of birth"
    if _is(name, _PHONES) and _mostly(values, lambda text: _DIALLED.fullmatch(text) is not None):
        return "phone numbers"
    return ""


def _mostly(values: Sequence[str], test: Callable[[str], bool]) -> bool:
    if len(set(values)) < _LEAST or not any(test(text) for text in values[:_LEAST]):
        return False
    return sum(map(test, values)) >= _MOST * len(values)


def _is_phone(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    return 7 <= digits <= 15 and _PHONE.fullmatch(text) is not None


def _is_card(text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "")
    if not (13 <= len(digits) <= 19 and digits.isdecimal() and digits[0] in "23456"):
        return False
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def _is_iban(text: str) -> bool:
    account = text.replace(" ", "").upper()
    if _IBAN.fullmatch(account) is None:
        return False
    turned = account[4:] + account[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _words(name: str) -> list[str]:
    """FirstName, first_name and 'Prénom du client' as words without accents."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).casefold()
    letters = unicodedata.normalize("NFD", spaced.translate(_STROKES))
    bare = "".join(sign for sign in letters if unicodedata.category(sign) != "Mn")
    return _WORDS.findall(unicodedata.normalize("NFC", bare))


def _is(name: list[str], phrases: str) -> bool:
    """Whether the words are one of the phrases, perhaps with an owner before or after it."""
    known = phrases.split(";")
    return " ".join(name) in known or _kept(name) in {_kept(phrase.split()) for phrase in known}


def _kept(words: list[str]) -> str:
    return " ".join(word for word in words if f" {word} " not in _OWNERS)
