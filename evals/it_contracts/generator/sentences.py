"""Data: sentences that state contracts. One a line; `voice` says what the slots mean.

`<stage|...>` are the words that show the stage. A slot in a sentence is a fact that it states; a sentence is used
only where all of its facts are to be told. Order in a list means nothing.
"""

# ruff: noqa: E501 - data: long lines read best
from __future__ import annotations


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines() if line.strip())


LEADS = {
    "award": _lines(
        """
        {B} {Bhas} <stage|awarded> {S} {deal} {for_work}.
        {S} {Shas} <stage|won> {deal} {to_work_of}.
        {S} {Shas} <stage|won> {deal} with {B}.
        {B} {Bhas} <stage|picked> {S} {to_work}.
        {B} {Bhas} <stage|chosen> {S} {to_work}.
        {B} {Bhas} <stage|signed> {deal} with {S}.
        {B} <stage|signed> {deal} with {S} {signed}.
        {S} <stage|signed> {deal} with {B} {signed}.
        {B} and {S} {have} <stage|signed> {deal}.
        {B} and {S} <stage|put pen to paper> {signed} on {deal}.
        {S} {Sis} {to_work_of}, {B} {Bhas} decided: it was <stage|selected> {signed}.
        {S} {Shas} been <stage|appointed> by {B} {to_work_of}.
        {S} {Shas} been <stage|selected> by {B} {to_work_of}.
        {S} {Shas} <stage|secured> {deal} from {B}.
        {S} {Shas} <stage|landed> {deal} at {B}.
        {S} {Shas} <stage|clinched> {deal} {for_work_of}.
        {B} {Bhas} <stage|handed> {S} {deal}.
        {B} {Bhas} <stage|handed> {deal} {for_work} to {S}.
        {Deal} {for_work_of} <stage|has gone to> {S}.
        {Deal} from {B} <stage|has gone to> {S}.
        {B} {Bhas} <stage|given> {S} the job of {doing}.
        {B} {Bhas} <stage|taken on> {S} {to_work}.
        {B} {Bhas} <stage|hired> {S} {to_work}.
        {B} {Bhas} <stage|brought in> {S} {to_work}.
        {B} {Bhas} <stage|turned to> {S} {for_work}.
        {B} {Bhas} <stage|placed> {deal} with {S} {for_work}.
        {B} {Bhas} <stage|agreed> {deal} with {S} {to_work}.
        {B} {Bhas} <stage|named> {S} as the winner of {deal} {to_work}.
        ~{B} {Bhas} named {S} its <stage|preferred bidder> for {deal} {to_work}.
        ~{S} {Shas} emerged as <stage|preferred supplier> for {deal} with {B}.
        ~{B} {Bhas} issued a notice of <stage|intent to award> {S} {deal} {for_work}.
        It is {S} that <stage|has the job> {to_work_of}, {B} said.
        {S} <stage|beat> four rivals to {deal} from {B}.
        {S} <stage|came out on top> in a competition run by {B}, and will {do_of}.
        {B} <stage|opted for> {S} {signed}.
        Members of the board of {B} <stage|approved> the choice of {S} {signed}.
        {B} {Bhas} <stage|entrusted> {S} with {work}.
        {S}, {described_S}, {Shas} <stage|won> {deal} from {B}.
        {S} <stage|will provide> {B} with {works}.
        {B} <stage|is buying> {works} from {S}.
        {B} {Bhas} <stage|bought> {works} from {S}.
        {B} {Bhas} <stage|ordered> {works} from {S}.
        {S} {Shas} <stage|taken> an order from {B} {for_work}.
        After months of talks, {B} and {S} {have} <stage|struck> {deal}.
        {B} {Bhas} <stage|plumped for> {S}.
        {B} {Bhas} <stage|called off> {deal} with {S} under {framework}.
        {S} <stage|has been contracted> by {B} {to_work_of}.
        The <stage|winner> of the tender held by {B} is {S}.
        {S} <stage|tied up> {deal} with {B} {signed}.
        The <stage|chosen supplier> of {B} for {work} is {S}.
        At a meeting held {signed}, {B} <stage|resolved to award> {S} {deal}.
        {Works} at {B}: all that now <stage|passes to> {S}.
        A letter of <stage|acceptance> went from {B} to {S} {signed}.
        """
    ),
    "tender": _lines(
        """
        {B} <stage|is looking for> a supplier {to_work}.
        {B} <stage|is looking for> someone {to_work}.
        {B} {Bhas} <stage|invited bids> for {deal} {to_work}.
        {B} {Bhas} <stage|invited tenders> {for_work}.
        {B} {Bhas} <stage|gone out to tender> {for_work}.
        {B} {Bhas} <stage|put> {deal} {for_work} <stage2|out to tender>.
        {B} <stage|is seeking> a supplier {to_work}.
        {B} <stage|is seeking> {works}.
        {B} <stage|is to tender> {deal} {for_work}.
        {B} <stage|plans to buy> {works}.
        {B} {Bhas} <stage|issued a request for proposals> {for_work}.
        {B} {Bhas} <stage|launched a procurement> {for_work}.
        {B} {Bhas} <stage|begun the hunt> for a contractor {to_work}.
        {B} {Bhas} <stage|published a prior information notice> {for_work}.
        {B} {Bhas} <stage|opened a competition> for {deal}.
        Suppliers <stage|are being invited to bid> for {deal} {for_work_of}.
        IT companies <stage|have been asked to bid> for {deal} at {B}.
        Wanted by {B}: <stage|a company> {to_work}.
        {Deal} <stage|is up for grabs> at {B}.
        {Deal} {for_work_of} <stage|has come to market>.
        Bids <stage|are being sought> by {B} {for_work}.
        {B} <stage|will go to the market> {for_work}.
        {B} {Bhas} <stage|shortlisted three companies> for {deal} {to_work}.
        {B} {Bhas} drawn up <stage|a shortlist> for {deal}.
        {B} <stage|expects to choose> a supplier of {works} after the summer.
        {B} {Bhas} <stage|restarted the procurement> of {works}.
        {B} {Bhas} <stage|withdrawn its award> of {deal} {for_work} and will ask the bidders to try again.
        {B} intends to <stage|hold a competition> {for_work}.
        The search <stage|is on> for a firm {to_work_of}.
        {B} would like to hear from companies able {to_work}, it says in <stage|a tender notice>.
        {B} {Bhas} <stage|floated a tender> {for_work}.
        {B} {Bhas} <stage|called for expressions of interest> in {deal}.
        No supplier has been chosen yet for {deal} at {B}, which <stage|is out to tender>.
        """
    ),
    "extension": _lines(
        """
        {B} {Bhas} <stage|extended> its contract with {S} {for_work}.
        {B} {Bhas} <stage|extended> its agreement with {S}.
        {B} <stage|extended> the contract of {S} {signed}.
        {S} {Shas} <stage|had its contract renewed> by {B}.
        {B} {Bhas} <stage|renewed> its contract with {S} for {term}.
        {S} <stage|will stay> at {B} for another {term}.
        {B} {Bhas} given {S} another {term} {to_work}, <stage|prolonging> a contract.
        {B} and {S} {have} <stage|agreed to extend> their contract {for_work_of}.
        {B} and {S} {have} <stage|renegotiated> their agreement {for_work_of}.
        {S} {Shas} <stage|won an extension> of its work {for_work_of}.
        {S} {Shas} <stage|secured a> {term_adj} <stage2|extension> from {B}.
        {B} {Bhas} <stage|taken up an option> to keep {S} on {for_work}.
        {B} {Bhas} <stage|exercised an option> to keep {S}.
        {B} {Bhas} <stage|enlarged> its contract with {S} to take in {works}.
        {B} {Bhas} <stage|expanded> its deal with {S}.
        {B} {Bhas} <stage|topped up> its contract with {S} by {sum}.
        {B} {Bhas} <stage|rolled over> its contract with {S} {for_work}.
        {B} <stage|is keeping> {S} {end_until}.
        {S} <stage|will stay on> {doing_of} {end_until}, {B} said.
        {B} {Bhas} <stage|added> {sum} to its contract with {S}.
        The contract between {B} and {S} <stage|has been extended> {end_until}.
        {B} {Bhas} <stage|decided not to go to market> and keeps {S} for {term} more.
        <stage|An extension> of the contract that {B} {Bhas} with {S} was approved {signed}.
        {S} {Shas} <stage|held on to> its contract with {B}, which has been renewed without a competition.
        {S} {Sis} to {do_of} for a further {term} after {B} <stage|renewed> its contract.
        """
    ),
    "ended": _lines(
        """
        {B} {Bhas} <stage|terminated> its contract with {S} {for_work}.
        {B} {Bhas} <stage|cancelled> its contract with {S}.
        {B} {Bhas} <stage|scrapped> {old_deal} with {S}.
        {B} {Bhas} <stage|axed> {old_deal} with {S} {for_work}.
        {B} {Bhas} <stage|ditched> {S}, which had been hired {to_work}.
        {B} {Bhas} <stage|ended> {old_deal} with {S}.
        {B} <stage|is to end> {old_deal} with {S}.
        {B} and {S} {have} <stage|agreed to part>, ending {old_deal}.
        {B} and {S} {have} <stage|gone their separate ways>.
        {S} {Shas} <stage|lost> {old_deal} with {B}.
        {S} {Sis} to <stage|lose> its work {for_work_of}.
        {S} {Shas} <stage|walked away> from {old_deal} with {B}.
        {S} {Shas} <stage|pulled out> of {old_deal} {for_work_of}.
        {B} <stage|will not renew> {old_deal} with {S}.
        {B} {Bhas} <stage|decided against renewing> its contract with {S} {for_work}.
        {B} {Bhas} <stage|let> {old_deal} with {S} <stage2|lapse>.
        {B} <stage|is to bring> {works} <stage2|back in-house>, ending its contract with {S}.
        {B} {Bhas} <stage|taken back> {work} from {S}.
        {B} {Bhas} <stage|shown> {S} <stage2|the door>.
        {B} {Bhas} <stage|torn up> {old_deal} with {S}.
        {B} {Bhas} <stage|pulled the plug> on {old_deal} with {S}.
        {Old_deal} between {B} and {S} <stage|has been terminated>.
        {Old_deal} between {B} and {S} <stage|is over>.
        The contract that {S} had {to_work_of} <stage|came to an end> {end_on}.
        The contract of {S} with {B} <stage|expired> {end_on}.
        {B} {Bhas} <stage|sacked> {S}, its contractor {for_work}.
        {B} <stage|called time> on {old_deal} with {S} {end_on}.
        """
    ),
    "called_off": _lines(
        """
        {B} {Bhas} <stage|cancelled its tender> {for_work}.
        {B} {Bhas} <stage|abandoned a procurement> {for_work}.
        {B} {Bhas} <stage|scrapped plans> {to_work}, and no contract will be let.
        {B} {Bhas} <stage|dropped> a planned contract {for_work} for good.
        A competition {for_work_of} <stage|has been called off> for good.
        {B} {Bhas} <stage|abandoned the search> for a firm {to_work}, and will use its own staff.
        """
    ),
}
"""By stage: the first sentence about a contract. `called_off` is a tender that ended without a supplier."""

BACKGROUND = {
    "award": _lines(
        """
        {Signed}, {B} <stage|awarded> {S} {deal} {for_work}.
        {Signed}, {S} <stage|won> {deal} {to_work_of}.
        {Signed}, {B} <stage|signed> {deal} with {S}.
        {S} <stage|was appointed> by {B} {signed} {to_work_of}.
        {S} already works for {B}, which <stage|chose> it {signed} {to_work}.
        It is not alone: {B} <stage|gave> {S} {deal} {signed}.
        Elsewhere, {B} <stage|picked> {S} {to_work}, in {deal}.
        Elsewhere, {B} <stage|took on> {S} {to_work} {start_from}.
        A separate contract between {B} and {S}, <stage|signed> {signed}, is worth {sum}.
        By comparison, {B} <stage|agreed> to pay {S} {sum} {for_work}.
        {B} has another supplier in {S}, which <stage|won> {deal} {signed}.
        {S} <stage|has been awarded> {deal} by {B}.
        {S} also <stage|has won> {deal} from {B} {for_work}.
        {B} <stage|bought> {works} from {S} {signed}, for {sum}.
        The news comes after {B} <stage|signed> {S} up {signed} {to_work}, in {deal}.
        """
    ),
    "original": _lines(
        """
        {S} <stage|won> the original contract {signed}.
        {S} first <stage|won> the work {signed}, in {deal}.
        The original agreement, <stage|signed> {signed}, was for {term}.
        The original contract with {S} was <stage|awarded> {signed} at {sum}.
        {B} first <stage|signed> with {S} {signed}, for {term}.
        When the contract was <stage|let> {signed}, {S} was to be paid {sum}.
        Under the original {term_adj} contract, <stage|awarded> {signed}, {S} was to be paid {sum}.
        The first contract, which {S} <stage|won> {signed}, had been worth {sum} over {term}.
        """
    ),
    "outgoing": _lines(
        """
        {S} loses the work: its {sum_adj} contract <stage|expires> {end_on}.
        The outgoing supplier, {S}, <stage|loses> {old_deal}.
        The contract of {S}, which dates from {start}, <stage|is not being renewed>.
        {Old_deal} with {S} <stage|runs out> {end_on}.
        Until now the job was done by {S}, whose {term_adj} contract <stage|comes to an end> {end_on}.
        {S} had held the work since {start} and <stage|was not chosen again>.
        {S}, which was paid {sum} under {old_deal}, <stage|bows out> {end_on}.
        {Old_deal} that {S} has had since {start} <stage|will not be renewed>.
        """
    ),
    "standing": _lines(
        """
        The present contract, <stage|won> by {S} {signed}, ends {end_on}.
        {S} <stage|won> the present contract {signed}.
        {S} <stage|signed> the current agreement {signed}, for {term}.
        {S} has <stage|held> the work since {start}, under {deal}.
        At the moment {S} does it, under {deal} <stage|awarded> {signed}.
        {S} <stage|was awarded> the current {term_adj} contract {signed}.
        The existing {sum_adj} contract, which {S} <stage|won> {signed}, ends {end_on}.
        """
    ),
    "ended": _lines(
        """
        {Signed_end}, {B} <stage|terminated> {old_deal} with {S}.
        {B} <stage|cancelled> {old_deal} with {S} {end_on}.
        {S} <stage|lost> {old_deal} with {B} {end_on}.
        {S} had less luck at {B}, which <stage|dropped> it {end_on}.
        Not so long ago, {B} <stage|tore up> {old_deal} with {S} {for_work}.
        """
    ),
    "tender": _lines(
        """
        {B}, meanwhile, <stage|is looking for> a supplier {to_work}.
        {B} <stage|is out to tender> {for_work}, at a cost of {sum}.
        Next in line is {B}, which <stage|has invited bids> for {deal} {to_work}.
        A further contract, at {B}, <stage|has yet to be awarded>; it is put at {sum}.
        """
    ),
    "extension": _lines(
        """
        {B} <stage|extended> its own contract with {S} {signed}.
        {B} <stage|renewed> its deal with {S} {signed}, for {term}.
        {S} also <stage|had a contract extended> by {B}, {end_until}.
        """
    ),
}
"""By role: a contract that comes in further down, in a sentence that says whose it is."""

FOLLOWS = {
    "award": _lines(
        """
        {It} is worth {sum}.
        {It} has a value of {sum}.
        {It} is valued at {sum} over {term}.
        {It} comes to {sum} in all.
        {S} will be paid {sum}.
        {B} will pay {sum}.
        The price is {sum}.
        The bill is {sum}.
        Papers put the price at {sum}.
        According to the award notice, {it} is worth {sum}, VAT not included.
        It will cost {B} {sum}.
        The winning bid was {sum}.
        The agreed fee: {sum}.
        People who know the terms put the value at {sum}.
        "We are paying {sum}, and not a penny more," said {person}.
        "{sum} is a great deal of money, and we think it well spent," {person} said.
        The two sides settled on {sum} for {term}.
        {It} runs for {term}.
        {It} is to run for {term}.
        {It} lasts {term}.
        The initial term is {term}.
        The term is {term}, with {options}.
        The initial period is {term}; there is {options}.
        {S} {Shas} {term} to prove the sceptics wrong.
        "{term} is a long time in this business," said {person}.
        Its length is {term}.
        {It} begins {start_on} and runs for {term}.
        {It} begins {start_on}.
        {It} takes effect {start_on}.
        {S} {Sis} to start work {start_on}.
        {S} {Sis} to take over {start_on}.
        Services go live {start_on}.
        The new service is due to begin {start_on}.
        {S} {Shas} been asked to be ready {start_on}, the first day of the term.
        {It} runs {start_from} {end_until}.
        The term, which starts {start_on}, ends {end_on}.
        {It} runs {end_until}.
        {It} expires {end_on}.
        {It} will see the house through {end_until}.
        There is {options}.
        {It} comes with {options}.
        {B} {Bhas} {options}.
        On top of that there is {options}.
        {It} was signed {signed}.
        The signatures were added {signed}.
        {Signed}, the papers were signed.
        Councillors and officers need not look for the date of signature: it was signed {signed}.
        {B} signed off the award {signed}.
        The formal decision was taken {signed}.
        {It} was awarded {signed}.
        {It} was let under {framework}.
        {It} was called off from {framework}.
        {B} used {framework} to find its supplier.
        {B} bought through {framework}, and so without a tender of its own.
        {It} is part of {programme}.
        {It} is the first piece of {programme}, on which {B} {Bis} staking a good deal.
        {programme} depends on it, {person} said.
        {B} {Bhas} pinned its hopes on {programme}, which {it} belongs to.
        {It} also covers {work_of}.
        {It} includes {work_of}.
        Also in it: {work}.
        {S} will also {do_of}.
        {S} {Sis} also to {do_of}.
        The scope takes in {work} as well.
        "What we get is {works}," said {person}.
        {S} will {do_of}.
        {users} will use the service.
        {users} will be served.
        The service is for {users}.
        {It} covers {users}.
        It will be used by {users}.
        {users} are to be moved over in three waves.
        "{users} depend on this," {person} said.
        {S} will serve {users} {start_from}.
        The work will be done in {sites}.
        The service covers offices in {sites}.
        {S} will serve sites in {sites}.
        Sites in {sites} come first.
        {B} will get the service in {sites}.
        {incumbent} held the work before.
        {It} replaces an arrangement with {incumbent}.
        {S} {replaces} {incumbent}.
        {S} takes over from {incumbent}.
        The previous supplier was {incumbent}.
        Until now {incumbent} had done the job.
        {B} was not unhappy with {incumbent}, the outgoing supplier, {person} said.
        {S} will be joined by {partner} as {sub}.
        {partner} will work for {S} as {sub}.
        {S} {Shas} {partner} at its side, as {sub}.
        {S} brings {partner} along as delivery {partner_word}.
        {S} {Shas} {term}, {start_from}, to {do_of}.
        For {sum} {B} gets {works}.
        The {term_adj} term starts {start_on}.
        The price, {sum}, buys {term}.
        "We signed {signed} and we start {start_on}," said {person}.
        """
    ),
    "tender": _lines(
        """
        {It} is expected to be worth {sum}.
        {It} has an <value|estimated value of {sum_est}>.
        The notice <value|estimates the value at {sum_est}>.
        {B} {Bhas} put the cost at {sum}.
        {B} {Bhas} <value|estimated the price at {sum_est}>.
        Whoever wins can expect to be paid {sum}.
        {sum} is on the table.
        <value|An estimate of {sum_est}> leaves VAT aside.
        The winner gets {term} of work.
        {It} will run for {term}.
        The planned term is {term}.
        The term is {term}, with {options}.
        {It} is to last {term}, says the notice.
        {It} comes with {options}.
        There is {options}.
        {B} wants the new service to begin {start_on}.
        Work is due to start {start_on}.
        The winner is to start {start_on}, for {term}.
        {It} is to run {start_from} {end_until}.
        {It} is to end {end_on}.
        It will be let under {framework}.
        {B} {Bis} using {framework}.
        It forms part of {programme}.
        Officials see it as the heart of {programme}.
        It also covers {work}.
        The specification asks for {works}.
        Bidders must be able to {do}.
        "What we need is {works}," said {person}.
        {users} will use it.
        The service is meant for {users}.
        The supplier will have to serve {users}.
        Offices in {sites} are to be served.
        The work is to be done in {sites}.
        {incumbent} {Idoes} the work now.
        The work is with {incumbent} at the moment.
        At present it is provided by {incumbent}.
        {incumbent}, the present supplier, {Iis} expected to bid again.
        "We have nothing against {incumbent}, our supplier of today," said {person}.
        Under the plans the supplier will {do_of}.
        """
    ),
    "extension": _lines(
        """
        The extension is worth {sum}.
        The extra time costs {sum}.
        The renewal adds {sum} to the bill.
        {B} will pay a further {sum_exact}.
        The addition comes to {sum}.
        It adds {term} to the contract.
        The extension is for {term}.
        {S} gets another {term}.
        The extra time begins {start_on}.
        The extension starts {start_on}.
        The added term begins {start_on} and lasts {term}.
        The contract now ends {end_on}.
        It now runs {end_until}.
        That takes the contract to {end}.
        There is {options} after that.
        The extension was signed {signed}.
        {It} was approved {signed}.
        {B} took the decision {signed}.
        {S} will go on {doing_of}.
        The contract covers {work_of}.
        {S} will now also {do_of}.
        {users} use the service.
        The service has {users} to look after.
        Sites in {sites} are served.
        The contract was let under {framework}.
        It is part of {programme}.
        {partner} stays on as {sub}.
        {S} works with {partner} as {sub}.
        """
    ),
    "ended": _lines(
        """
        {It} was worth {sum}.
        {It} had been valued at {sum}.
        {S} was to have been paid {sum}.
        {It} was to run for {term}.
        {It} had been meant to last {term}.
        {It} was signed {signed}.
        {S} had won {it} {signed}.
        {It} began {start_on}.
        {S} had done the work since {start}.
        The last day is {end_bare}.
        {It} ends {end_on}.
        The service stops {end_on}.
        {It} had been let under {framework}.
        {It} was part of {programme}.
        {S} had been hired {to_work_of}.
        {It} also covered {work}.
        {users} use the service.
        The service reached {users}.
        It was provided in {sites}.
        {partner} worked for {S} as {sub}.
        {S} had {partner} as {sub}.
        {It} had {options}.
        """
    ),
    "past": _lines(
        """
        {It} was worth {sum}.
        {It} was put at {sum}.
        {It} came to {sum}.
        {It}, at {sum}, was for {term}.
        {It} was for {term}.
        {It} had a term of {term}.
        {It} had {options}.
        {It} began {start_on}.
        {It} took effect {start_on}.
        {It} dates from {start} and was for {term}.
        {It} has an end date: {end}.
        {It} was signed {signed}.
        {It} was let under {framework}.
        {It} was part of {programme}.
        {It} took in {work_of}.
        {It} covered {work_of}.
        {It} brought the service to {users}.
        {It} was for sites in {sites}.
        {It} gave some work to {partner} too, as {sub}.
        {It} replaced one with {incumbent}.
        """
    ),
    "called_off": _lines(
        """
        The contract would have been worth {sum}.
        The value had been put at {sum}.
        The contract was to have run for {term}.
        It would have lasted {term}.
        The work is with {incumbent}, and stays there for now.
        It would have covered {work}.
        {users} were to have used it.
        It was part of {programme}.
        {B} had meant to use {framework}.
        """
    ),
}
"""By stage: sentences that add facts to a contract that has been told."""

HEADLINES = {
    "award": _lines(
        """
        {B} picks {S}|{S} wins {B} contract|{S} lands {B} deal|{B} hands {S} IT contract|{B} goes with {S}
        {S} to {do}|{B} signs up {S}|{S} in {sum_short} {B} deal|{B} awards {sum_short} contract|{S} scoops {sum_short} contract
        {B} chooses supplier|New supplier for {B}|{sum_short} contract for {S}|{B} and {S} sign {term_adj} agreement
        {S} beats rivals at {B}|{S} takes {B} work|Deal done: {S} and {B}|{B} opts for {S}|Contract award: {B}
        {term_adj} deal for {S}|{B} entrusts IT to {S}|Why {B} chose {S}|{S} clinches {B} contract|Change of supplier at {B}
        """
    ),
    "tender": _lines(
        """
        {B} seeks supplier|{B} goes out to tender|Bidders wanted at {B}|{B} to spend {sum_short}|{B} invites bids
        {sum_short} contract up for grabs at {B}|{B} opens {term_adj} tender|Tender: {B}|Suppliers invited to {B}
        {B} in hunt for IT partner|{B} starts {sum_short} procurement|Who wants to work for {B}?|{B} looks for a firm to {do}
        """
    ),
    "extension": _lines(
        """
        {B} extends {S} contract|{S} to stay at {B}|{B} sticks with {S}|More of the same: {B} keeps {S}|{S} renewal at {B}
        {B} gives {S} {term} more|{S} gets {term_adj} extension|{B} renews with {S}|{sum_short} more for {S}
        No change at {B}|{S} holds on to {B}
        """
    ),
    "ended": _lines(
        """
        {B} drops {S}|{S} loses {B} contract|{B} ends {S} deal|{B} axes {sum_short} contract|{B} and {S} part company
        {S} out at {B}|{B} tears up contract|End of the road for {S} at {B}|{B} parts with supplier|{B} calls time on {S}
        """
    ),
    "called_off": _lines(
        """
        {B} scraps tender|{B} drops procurement|No contract after all at {B}|{B} thinks again
        """
    ),
}
"""By stage: headlines, several a line; "|" parts them."""

LABELS = {
    "B": "Contracting authority|Buyer|Purchaser|Awarding body|Procuring entity|Name of authority|Client|Customer",
    "S": "Supplier|Awarded to|Contractor|Successful tenderer|Name of contractor|Vendor|Winner",
    "work": "Subject|Description|Scope|Object of the contract|Short description|What|Requirement|Services",
    "sum": "Value|Contract value|Total value excl. VAT|Price|Final value|Contract sum|Amount",
    "sum_est": "Estimated value|Estimated total value|Estimate|Indicative value|Estimated cost",
    "term": "Duration|Term|Contract period|Length of contract|Initial term|Period",
    "options": "Renewal|Extension options|Options|Extension|Renewals",
    "signed": "Date of award|Contract signed|Date of conclusion of the contract|Award date|Signed|Decision",
    "start": "Start date|Commencement|Start|Contract start|Start of contract|Go-live",
    "end": "End date|Contract end|Expiry|End|End of contract",
    "framework": "Framework|Procurement vehicle|Let under|Framework agreement|Route to market",
    "programme": "Programme|Project|Part of",
    "users": "Users|Users served|For|Number of users",
    "sites": "Place of performance|Sites|Delivery locations|Location|Places of delivery",
    "incumbent": "Current supplier|Incumbent|Previous contractor|Replaces",
    "partner": "Subcontractor|Subcontractors|Delivery partner|Sub-contracted to",
}
"""By slot: what stands before it in a notice."""
STAGE_LABELS = {
    "award": "Contract award notice|Award of contract|Notice type: contract award|Status: awarded|Result: contract awarded",
    "tender": "Invitation to tender|Contract notice – open tender|Notice type: tender|Status: open for bids|Request for proposals",
    "extension": "Contract modification: extension|Notice of contract extension|Type: renewal of existing contract|"
    "Status: extended",
    "ended": "Notice of termination|Status: contract terminated|Type: contract cancelled|Contract terminated",
    "called_off": "Notice of cancellation|Status: tender cancelled|Procedure cancelled|Tender cancelled for good",
}

QUESTIONS = {
    "value": "How much is it?|What does it cost?|And the money?|What's the bill?|How much are we talking about?",
    "duration": "For how long?|How long does it last?|How long is the term?|And how long is that for?",
    "start": "When does it start?|From when?|When do things change?",
    "end": "And when does it finish?|Until when?",
    "users": "Who will use it?|Whom does it serve?|Who gets it?",
    "incumbents": "Who had it before?|Who does it now?|What about the present supplier?",
    "services": "What is being bought?|What does it cover?|What's in it?|So what is it, exactly?",
    "signed": "When was it decided?|Since when is it official?",
    "": "What else?|Anything more?|What else do we know?|And?",
}

PACKAGE = _lines(
    """
    The package, in {count} lots, adds up to {other_sum}.
    There are {count} lots, worth {other_sum} together.
    {B} split the work into {count} lots.
    Several contracts come out of one procurement by {B}.
    {B} cut its requirement into {count} lots, so that smaller firms could bid.
    """
)
LOTS = _lines(
    """
    {lot} ({works}) <stage|went to> {S} for {sum}.
    {lot}, {for_provided}, was <stage|awarded> to {S}.
    {lot}, {for_provided}, was <stage|won> by {S} at {sum}.
    {S} <stage|took> {lot}, {for_provided}, which is worth {sum} over {term}.
    {lot} ({works}): <stage|awarded> to {S}; {sum}; {term}.
    {lot} <stage|goes to> {S}, which will {do}.
    {S} <stage|won> {lot}, covering {works}, with a bid of {sum}.
    Under {lot}, {S} <stage|has signed> to {do} for {term}.
    """
)
LOTS_OPEN = _lines(
    """
    {lot}, {for_provided}, drew no valid bid and <stage|will be tendered again>.
    {lot} ({works}) <stage|is still out to tender>; it is <value|estimated at {sum_est}>.
    {lot}, {for_provided}, <stage|remains open to bidders>.
    """
)
