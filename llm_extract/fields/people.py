"""Words for people at work, whatever they do: "midwives", "graders", "archivists"; and for their places.

No list holds every occupation, but most are named by their ending. Other words that end so are told apart here:
those who are served or do business ("customers", "borrowers"), and things ("printers", "orders"). This is enough
where words are said to tell who works with a system; to find such words in any text it would not be.
"""

from __future__ import annotations

# Endings of names of occupations, in the plural.
_ENDINGS = "ers|ors|ists|ians|wives|men|women|ants|eers|ees"
# Occupations and places of work without these endings, in the plural.
_OTHERS = (
    "agents|aides|apprentices|attorneys|bailiffs|cadets|chefs|clerics|clerks|coaches|cooks|curates|deputies|desks|"
    "detectives|diplomats|executives|guards|guides|interns|judges|magistrates|marshals|medics|nurses|officials|pilots|"
    "priests|professionals|recruits|registrars|representatives|secretaries|sergeants|sheriffs|superintendents|"
    "temps|typists|vets|vicars|workplaces|workspaces|workstations"
)
_OUTSIDERS = (
    "applicants|attendees|bidders|borrowers|brothers|buyers|campers|claimants|commuters|competitors|consumers|contestants|"
    "creditors|customers|cyclists|debtors|depositors|descendants|diners|donors|drinkers|entrants|evacuees|farmers|fathers|"
    "followers|foreigners|gamers|grantees|growers|hikers|immigrants|inhabitants|investors|islanders|learners|lenders|"
    "lessees|licensees|listeners|makers|manufacturers|members|merchants|migrants|minors|mothers|motorists|neighbou?rs|"
    "newcomers|occupants|offenders|owners|parishioners|participants|partners|passengers|payees|pedestrians|pensioners|"
    "players|prisoners|producers|purchasers|readers|refugees|registrants|resellers|retailers|riders|seniors|settlers|"
    "shoppers|sisters|spectators|strangers|subscribers|sufferers|suppliers|supporters|survivors|tenants|tenderers|"
    "tourists|traders|travell?ers|vendors|viewers|villagers|visitors|voters|wives|men|women|youngsters|civilians|"
    r"[^\W\d_]+-?(?:holders|owners|payers|goers|dwellers)"
)
_THINGS = (
    "adapters|adaptors|answers|boilers|books?ellers|borders|browsers|burners|cardigans|chambers|chapters|chargers|"
    "checklists|clusters|coffees|colou?rs|committees|compressors|connectors|containers|controllers|converters|coolers|"
    "copiers|corners|corridors|counters|covers|degrees|detectors|diameters|dinners|dispensers|doors|drawers|dryers|"
    "elevators|errors|escalators|factors|fees|feeders|fibers|filters|fingers|floors|flowers|flyers|folders|freezers|"
    "generators|grants|guarantees|harbou?rs|headers|heaters|implants|incubators|indicators|kilometers|ladders|lasers|"
    "layers|levers|lists|lockers|majors|markers|matters|mirrors|mixers|monitors|motors|offers|orders|others|pagers|"
    "parameters|plants|plotters|pointers|posters|powers|processors|projectors|printers|quarters|radiators|reactors|"
    "receivers|recorders|registers|restaurants|rivers|rollers|rotors|routers|scanners|sectors|semesters|sensors|"
    "shelters|simulators|speakers|specimens|stickers|tankers|tenders|timers|towers|trackers|tractors|trailers|"
    "transfers|transformers|transistors|transmitters|trees|variants|vectors|ventilators|vouchers|waitlists|warrants|"
    "winters|wrists|ladders|shutters|scooters|steamers|choppers|cruisers|bombers|helicopters|"
    r"[^\W\d_]*(?:computers|papers|meters|letters|servers|cent(?:er|re)s|numbers|boosters|readers)"
)
_REFUSED = rf"(?:{_OUTSIDERS}|{_THINGS})(?!\w)"

_OTHER_OUTSIDERS = (
    "citizens|residents|pupils|students|patients|clients|guests|households|devices|laptops|tablets|phones"
)
NOT_STAFF = rf"(?:{_REFUSED}|(?:{_OTHER_OUTSIDERS})(?!\w))"
"""Plurals that are neither staff nor their places; want `re.IGNORECASE`."""

OCCUPATION = rf"(?-i:(?!{_REFUSED})(?:[^\W\d_A-Z]{{2,20}}(?:{_ENDINGS})|{_OTHERS})(?!\w))"
"""The plural of an occupation, in lower case, or of a place of work."""
