"""Data: what articles say besides their contracts: none of it is a fact of a contract."""

# ruff: noqa: E501, SIM905 - data: long lines and lists in strings read best
from __future__ import annotations

from .sentences import _lines

AROUND = _lines(
    """
    Five companies had bid, among them {other} and {other2}.
    {other} and {other2} also bid, without luck.
    {other}, which came second, had offered to do it for {other_sum}.
    {other} declined to comment.
    {other} had been seen as the favourite.
    The lowest offer, {other_sum} from {other}, was ruled out because a form was missing.
    {B} expects to save {other_sum} a year.
    Savings of {other_sum} over the term are forecast.
    Savings of {percent} are hoped for.
    {B} has a yearly IT budget of {other_sum}.
    {B} spends {other_sum} a year on all its suppliers together.
    {B} serves {citizens}.
    Some {citizens} should notice nothing, or so it is hoped.
    {B} has had to find {other_sum} of cuts this year.
    {B} {Bhas} {citizens} on its books.
    In the spring a failure kept systems down for {hours} hours.
    A breakdown two winters ago left {citizens} without service for {hours} hours.
    The auditors found {hours} faults in last year's accounts.
    Union officials fear for jobs.
    Staff were told by email.
    Neither side would say more.
    A spokesman would not be drawn on the details.
    The papers were released after a request under freedom of information law.
    Opposition members asked for a review of all IT spending.
    "We looked at what we have, and it was held together with string," said {person}.
    "It will work on the first day, and if it doesn't you may ring me at home," {person} said.
    "This is about people and not about boxes," said {person}, {role}.
    "I have been here for {hours} years and have never seen so many spreadsheets," said {person}.
    {person}, {role}, called it "a sensible step".
    {person}, {role}, said that nobody would lose their job over it.
    "We can't go on posting discs to each other," said {person}, {role}.
    "They listened, which is more than the others did," {person} said.
    "No one ever got promoted for a quiet migration," {person} remarked.
    Not everyone is pleased. "Another year, another logo," said one employee.
    Analysts at {other} called the market "crowded".
    {other} puts the market at {other_sum} a year, and growing.
    Shares in rival {other} fell by {percent} in early trading.
    Consultants from {other} wrote the specification.
    The evaluation gave {percent} of the marks for quality.
    Price counted for {percent} of the score.
    The evaluation panel had {hours} members and met four times.
    The weather kept two members of the panel away.
    Asked about penalties, {person} said they were "in there somewhere".
    The server room is in a basement that floods.
    Parts of the old software are older than the people who use it.
    {B} is not the first to try.
    A similar plan failed in the neighbouring region, at a cost of {other_sum}.
    An inquiry is to report next year on the failure of an earlier plan, on which {other_sum} had been spent.
    The hardware inside is made by a company in Taiwan.
    Members were shown slides. There were {hours} of them.
    The decision took {hours} minutes.
    Nobody asked a question.
    A petition against the plan had gathered {citizens_number} names.
    Local firms say they never had a chance.
    Both sides speak of a partnership, as both sides always do.
    The old tapes will be kept in a salt mine.
    {B} employs a team of {hours} for its own systems.
    """
)

AROUND += _lines(
    """
    Critics on the finance committee pointed to a loss of {other_sum} on an earlier system, which was switched off after {hours} weeks.
    Those who remember the last attempt, {hours} years ago, are said to have asked for the minutes in writing this time.
    A paper to members, seen by this reporter, warns that delays would cost {other_sum} a month in overtime alone.
    Of the {hours} risks listed in the papers, four are marked red, and one of these is the age of the wiring.
    {B} set aside {other_sum} for the whole of its technology last year and ended up spending {percent} more than that.
    A benchmark by {other} found that {B} pays {percent} more for each desk than others of its size do.
    {other2}, which lost a court case against {B} some years ago, did not take part this time.
    According to {person}, {role}, the evaluation took {hours} weeks longer than planned because two of the assessors fell ill.
    "There will be a wobble in the first week, there always is, and then people will forget that it was ever different," said {person}.
    "I have been asked whether it will make us cheaper, and the honest answer is: not in the first year," {person} said.
    "It is not a question of whether the old system fails but of which Tuesday it fails on," said {person}, {role}.
    "My inbox tells me that people care a great deal more about parking," {person} added.
    "We have {hours} systems that do the same thing, and no two of them agree on the date," said {person}, {role}.
    "If I had a coin for each time somebody promised me one login, I would have {other_sum_small} by now," {person} said.
    The trade union, which speaks for {percent} of those concerned, was consulted twice and complained three times.
    {person}, who has led the union branch since {founded}, said members had learned of the plans from the radio.
    Earlier in the year a flood in the basement destroyed equipment insured for {other_sum}.
    A failure of the old system last winter left {citizens} unable to pay, and cost {other_sum} in refunds.
    An audit had found that {percent} of all passwords consisted of the name of a month and a number.
    The neighbours looked at something similar and put it off when the estimate passed {other_sum}.
    Nationwide, public bodies spent {other_sum} on information technology last year, if one believes {other}.
    {other}, a research firm, expects that market to grow by {percent} a year until the end of the decade.
    The grant of {other_sum} that {B} had hoped for was turned down in the first round.
    {B} has sold two buildings for {other_sum} to fill a hole in its accounts.
    It helps that {B} has had a new {role_plain} since last year.
    The chair reminded those present that the item was confidential, and then read most of it aloud.
    An amendment to put the matter off until {deadline} was lost by {hours} votes.
    Whether any of it shows in the bills that {citizens} get is another matter.
    The region around {city} has had its share of such stories, not all of them with a happy ending.
    Consultants had been paid {other_sum} for a study that recommended further study.
    Delivery of paper files from the archive, {hours} lorry loads of them, is a job for later.
    Training is to take {hours} hours a head and will be done in a former canteen.
    A lawyer for {other} said that the firm was keeping its options open, and that it always did.
    The protest of {other}, whose price had been {other_sum}, was thrown out last month.
    An offer of {other_sum} from {other} had been read out by mistake at the opening of the envelopes.
    Only {percent} of the marks were for price; in the last round it had been the other way about.
    """
)

ABOUT_SUPPLIER = _lines(
    """
    {S} had revenues of {other_sum} last year.
    {S} reported turnover of {other_sum}, up {percent}.
    {S} employs {citizens_number} people in {hours} countries.
    {S} is owned by a fund.
    {S}, founded in a garage, moved its head office to {city} some years ago.
    {S} made a loss of {other_sum} in its last financial year.
    Shares in {S} rose by {percent} on the news.
    {S} issued a profit warning in the autumn.
    {S} would not discuss margins.
    "We are delighted," said {person} of {S}. "It is a privilege."
    "It shows what a firm of our size can do," said {person}, who leads public sector work at {S}.
    "Our order book stands at {other_sum}," {person} of {S} said.
    {S} has {citizens_number} employees and says it will hire more.
    {S} is best known for parking machines.
    {S} sponsors the local football club.
    """
)

ABOUT_SUPPLIER += _lines(
    """
    {S}, which floated in {founded} and nearly went under twice, now has {citizens_number} people on the payroll and says that it is hiring.
    Not long ago {S} had to restate its accounts, and its shares lost {percent} in a single morning.
    Public sector customers bring in {percent} of the sales of {S}, which came to {other_sum} last year.
    {S} was in the news last year for a bonus of {other_sum} paid to its departing chief executive.
    "We know what is expected of us, and we know what happens if we don't do it," said {person} of {S}.
    "Our people will be on the premises from the first hour, and so will our coffee machine," promised {person} of {S}.
    {S} bought a competitor for {other_sum} not long ago and has been busy merging the two ever since.
    Analysts at {other} rate the shares of {S} a hold, with a target price that is {percent} below the present one.
    Research at {S} swallowed {other_sum} last year, a third of it in {city}.
    For {S}, which lost money in {hours} of the past fifty quarters, it comes at a good time.
    """
)

TENDER_ONLY = _lines(
    """
    Bids have to be in by {deadline}.
    The deadline for offers is {deadline}.
    Questions may be put until {deadline}.
    A briefing for bidders takes place on {deadline}.
    {other} and {other2} are understood to be interested.
    {other} said that it was reading the papers.
    Bidders must show a turnover of at least {other_sum}.
    A bid bond of {other_sum} is required.
    Up to {hours} firms will be shortlisted.
    The documents run to {hours} pages.
    Offers must stay open for {hours} weeks.
    """
)

OPENERS = _lines(
    """
    Nobody who has rung {B} on a Monday will forget the music.
    For years the joke at {B} was that the quickest way to send a file was by bicycle.
    The cables under the floor at {B} have not been counted since the building opened.
    It began with a leaking roof.
    The room was nearly empty when the item came up.
    Regular readers will know that we like a good procurement.
    Some stories take their time.
    There is a cupboard at {B} that nobody dares to open.
    {person} keeps a broken keyboard on the desk, as a warning.
    It has rained a lot this month, and not only on the server room.
    Progress at last, you could say.
    A short one today.
    The talk at the trade fair in {city} was of little else.
    If you blinked, you missed it: page {hours} of the papers.
    {other_sum}: that is what {B} spends each year on keeping old computers alive.
    An audit last year found {other_sum} of equipment in a cellar, still in its boxes.
    {B} has not had an easy year. It lost {other_sum} in a building project, and its {role_plain}.
    A year ago {other} offered to do it all for {other_sum}. Nobody answered the letter.
    The public sector IT market is worth {other_sum} a year, says {other}, and most of it is dull.
    Ten years after a failed system cost {other_sum}, people at {B} still lower their voices when they speak of it.
    With cuts of {other_sum} to be found, few had expected news of this kind.
    "We were burning {other_sum} a year on repairs," said {person}, {role}.
    There was a time when {B} bought its computers by the pound.
    {person} remembers the day the lights went out.
    First the figures: a budget of {other_sum}, {citizens}, and one very old computer.
    """
)

NOTHING = {
    "results": _lines(
        """
        {S} reported revenues of {other_sum} for the year, up {percent}.
        Profit before tax came to {other_sum}, against {other_sum2} a year earlier.
        Order intake reached {other_sum}, the company said, without naming customers.
        The dividend rises by {percent}.
        Net debt stood at {other_sum}.
        Public sector customers make up {percent} of sales.
        "A solid year in a market that was anything but," said {person}, the chief executive.
        Headcount rose to {citizens_number}.
        Margins suffered as wages went up by {percent}.
        The group expects sales of between {other_sum} and {other_sum2} next year.
        Shares closed {percent} lower.
        Growth was strongest in {city}.
        Analysts had been looking for {other_sum}.
        """
    ),
    "acquisition": _lines(
        """
        {S} is to buy {other} for {other_sum} in cash.
        {other}, a {city} software house, has {citizens_number} employees and revenues of {other_sum}.
        A further {other_sum} falls due if targets are met within three years.
        "The two companies fit like a key and a lock," said {person}, who will run the combined group.
        The sellers keep {percent} of the shares.
        The purchase needs the consent of the competition authority.
        {other2} had been in talks about a rival offer, according to two people close to the matter.
        {S} will borrow {other_sum2} from its banks.
        The brand is to disappear.
        Savings of {other_sum} a year are expected.
        Completion is planned for the summer.
        """
    ),
    "appointment": _lines(
        """
        {B} has a new {role_plain}: {person}.
        {person} joins from {other}, where the post was in charge of {citizens_number} people.
        The appointment takes effect on {deadline}.
        The predecessor, {person}, left last year after a row about expenses.
        The salary is {other_sum_small} a year.
        "I look forward to listening," {person} said.
        {B} has an IT budget of {other_sum} and serves {citizens}.
        Earlier posts include {other2} and a spell in the navy.
        The post had been vacant for {hours} weeks.
        {person}, {role}, spoke of a strong field.
        """
    ),
    "outage": _lines(
        """
        Systems at {B} were down for {hours} hours after a power cut.
        Some {citizens} could not log in.
        Engineers from {S} worked through the night.
        The fault was traced to a switch that costs less than a bicycle.
        "We are sorry," said {person}, {role}.
        {B} put the damage at {other_sum}.
        The backup had not been tested for {hours} months.
        Normal service was restored by the weekend.
        It was the third failure of the year.
        {S} declined to comment.
        A report is due in {hours} weeks.
        Staff went back to pen and paper.
        """
    ),
    "opinion": _lines(
        """
        Every few years somebody rediscovers that big IT deals are bad for you.
        I have sat on both sides of the table and the coffee is equally bad.
        A {other_sum} system is not ten times as good as one for a tenth of the money.
        Buyers write {hours} pages when five would do.
        Nobody reads the schedule on exit, and everybody pays for it.
        {other} once told me that it loses money on half of what it bids for.
        Ask yourself what you would do if the supplier went bust on a Friday.
        Public bodies spend {other_sum} a year on advice that they could give themselves.
        Smaller lots would help. So would shorter meetings.
        My own rule is simple: never sign in December.
        Not one minister I know has ever filled in the form that we ask {citizens_number} firms to fill in.
        And yet we go on.
        """
    ),
    "research": _lines(
        """
        Spending on IT services will grow by {percent} this year, according to {other}.
        The market is put at {other_sum}.
        {other} asked {citizens_number} managers in eleven countries.
        Only {percent} of them knew when their largest contract ends.
        Half of the buyers in the survey think of changing supplier within {hours} months.
        {S} and {other2} are named among the leaders.
        "Price is back at the top of the list," said {person}, who wrote the report.
        Cloud spending rises fastest, by {percent}.
        The average deal shrank to {other_sum}.
        The report costs {other_sum_small}.
        The figures do not include hardware.
        """
    ),
    "launch": _lines(
        """
        {S} has launched a product for small hospitals and town halls.
        The tool is called {product} and costs {other_sum_small} a month.
        It took {hours} engineers two years.
        {S} says that {citizens_number} people tried it before the launch.
        "It does one thing and does it well," said {person}.
        {product} goes on sale on {deadline}.
        A cheaper version is to follow.
        Rivals {other} and {other2} have had something of the kind for a while.
        {S} has put {other_sum} into research.
        The data stay in the country, the company says.
        Early reviews were kind.
        """
    ),
    "budget": _lines(
        """
        {B} wants to spend {other_sum} on IT next year, {percent} more than this year.
        The draft budget goes to members on {deadline}.
        Another {other_sum2} is set aside for repairs of the building.
        {citizens_capital} will pay {percent} more.
        "We can't paper over it any longer," said {person}, {role}.
        No decision has been taken on what will be bought, or from whom.
        The opposition called the figures fanciful.
        Last year {other_sum} was left unspent.
        Reserves are to fall by {percent}.
        Roads take the largest share.
        A public meeting will be held in {hours} days.
        """
    ),
    "court": _lines(
        """
        A court in {city} has ordered {S} to pay a former partner {other_sum}.
        The quarrel was about the source code of a program from the last century.
        {other} had asked for {other_sum2}.
        The judgment runs to {hours} pages.
        "We are studying it," a lawyer for {S} said.
        The hearing had lasted {hours} days.
        Costs will be decided at a later date.
        {person}, for the claimant, spoke of a good day for small firms.
        An appeal is possible until {deadline}.
        The judge found that {S} had copied {percent} of the files.
        """
    ),
    "strike": _lines(
        """
        Staff at {S} have voted to strike.
        The ballot was won by {percent}.
        {citizens_number} workers could take part, in {hours} offices.
        The union wants {percent}; the company has offered half of it.
        "We have not had a rise worth the name since {founded}," said {person}, a shop steward.
        {S} said that customers would not notice.
        Profit last year was {other_sum}.
        The walk-out would begin on {deadline}.
        Talks broke down after {hours} hours.
        A similar dispute at {other} cost {other_sum}.
        """
    ),
    "policy": _lines(
        """
        Public bodies are to buy differently, if the government has its way.
        A bill sent to parliament would oblige them to publish every contract above {other_sum}.
        Small firms are to get {percent} of the work by the end of the decade.
        {person}, who drafted the rules, spoke of daylight.
        Business groups warned of {hours} more forms.
        Public IT costs {other_sum} a year.
        {other} and {other2} were heard as experts.
        The bill is to be debated on {deadline}.
        Fines of up to {percent} of turnover are possible.
        Half of all tenders drew a single bid last year, says the ministry.
        The opposition will vote against.
        """
    ),
    "profile": _lines(
        """
        {person} was {hours} when the first computer came into the house.
        Today {S} has {citizens_number} employees and an office with a view.
        Sales last year: {other_sum}.
        The founder still answers the telephone on Saturdays.
        "We never borrowed a penny," says {person}.
        A bid of {other_sum} for the company was turned down in {founded}.
        Friends speak of patience, rivals of luck.
        {other} was the first employer, for {hours} weeks.
        The collection of slide rules fills two rooms.
        There are plans for an office in {city}.
        Retirement is not on the list.
        """
    ),
    "prize": _lines(
        """
        {S} was named employer of the year at a dinner in {city}.
        {citizens_number} guests paid {other_sum_small} a head.
        The prize for innovation went to {other}, that for courage to {other2}.
        {person}, who collected the award, thanked the night shift.
        The jury had {hours} members.
        {B} was commended for its web pages.
        The evening raised {other_sum_small} for a hospice.
        It was the {hours}th time that the prizes were given.
        Next year's dinner is on {deadline}.
        """
    ),
}
"""Articles without a contract, by subject."""

NOTHING_HEADLINES = {
    "results": "{S} lifts sales|{S} results: up, mostly|Annual results of {S}|{S} misses forecasts|Costs weigh on {S}",
    "acquisition": "{S} buys {other}|{S} to take over {other}|{other} sold to {S}|Takeover: {S} gets {other}",
    "appointment": "New head for IT at {B}|{B} appoints {role_plain}|People on the move|A new face at {B}",
    "outage": "{B} back online after power cut|Systems down at {B}|Outage hits {B}|{B} apologises",
    "opinion": "Big deals, small returns|The trouble with tenders|Never sign in December|What nobody reads",
    "research": "IT spending to grow, says report|Buyers grow restless|Market report: prices are back",
    "launch": "{S} launches {product}|Meet {product}|{S} has something new|A tool for small hospitals",
    "budget": "{B} plans to spend more on IT|IT takes bigger share of {B} budget|{B}: draft budget",
    "court": "{S} told to pay|Court finds against {S}|Code row: {S} loses",
    "strike": "Strike looms at {S}|{S} staff vote to walk out|No deal in {S} pay talks|Union rejects {S} offer",
    "policy": "New rules for public buyers|Daylight for tenders|Bill would favour small firms|Ministers want smaller lots",
    "profile": "The patience of {person}|Lunch with {person}|A life in code|How {S} got where it is",
    "prize": "Prize for {S}|An evening in {city}|And the winners are|Employers of the year",
}
NOTHING_GENERAL = _lines(
    """
    {person} has heard it all before.
    "Ask me again in a year," said {person}, {role}.
    {other} sees it differently.
    A spokesman for {other2} called the comparison unfair.
    About {percent} of the firms in {city} work in the field.
    The figures had been expected in the spring.
    In the last ten years the sector has lost {citizens_number} jobs.
    A ministry paper from last year put the damage at {other_sum}.
    Trade unions want a pay rise of {percent}.
    The next meeting is on {deadline}.
    Rents near the station have gone up by {percent}.
    "People think it is about machines. It never is," {person} said.
    Two journalists and a dog were present.
    There were sandwiches.
    {person}, who has been in the trade for {hours} years, is less sure.
    Roughly {citizens_number} people signed a letter in protest.
    A study of {hours} companies came to the opposite result.
    {other} spends {other_sum} a year on electricity alone.
    The chamber of commerce welcomed the news.
    Schools teach the subject for {hours} hours a year.
    Venture capital of {other_sum} flowed into the region.
    "It was a Friday, of course it was a Friday," said {person}.
    The website crashed within {hours} minutes.
    Most of the work is done in {city} these days.
    {other2} had to pay a fine of {other_sum} in a similar case.
    Nobody could say who had the key.
    A decision is not expected before {deadline}.
    Critics point to {other}, where {percent} of the staff left.
    The law was changed in {founded} and has not been looked at since.
    A pilot with {hours} volunteers ended without a result.
    """
)
PRODUCTS = "Tidepool Penstroke Larder Quickstep Hatstand Clerkly Mossbank Turnkey-9 Rollcall Paperweight Sextant Pebble".split()

FURNITURE = _lines(
    """
    Share this article
    Advertisement
    Subscribe to our newsletter
    Read more: {other} wins {other_sum} contract with {elsewhere}
    Related: {elsewhere} extends {other} deal
    Cookie settings
    Sign up for our daily newsletter
    Listen to this article
    Picture: {person}
    See also: {elsewhere} seeks supplier
    Print this page
    Join the conversation
    """
)
TEASERS = _lines(
    """
    {other} lands {other_sum} deal at {elsewhere}
    {elsewhere} drops {other}
    Ten tips for better tenders
    {elsewhere} goes out to tender
    Podcast: what buyers want
    {other2} buys rival
    """
)
TEASER_HEADINGS = "Related articles|Most read|More stories|You may also like|Latest news|Read next".split("|")

BOILERPLATE = _lines(
    """
    {S} is a provider of services to public and private customers. It was founded in {founded} and has offices in {hours} cities.
    Founded in {founded}, {S} serves more than {citizens_number} customers and had sales of {other_sum} last year.
    {S} helps organisations do more with what they have. For more, see its website.
    {B} serves {citizens} and has a budget of {other_sum}.
    {S} employs {citizens_number} people. It is listed on the stock exchange.
    """
)
CONTACTS = _lines(
    """
    Press office: {person}, 0{digits}
    Media contact: {person}, tel. {digits}
    For further information please ring the press office on {digits}.
    Contact: {person}, press@example.org
    """
)
NOTICE_LINES = _lines(
    """
    Procedure: open
    Number of offers received: {hours}
    Award criteria: price {percent}, quality the rest
    Languages: English
    Deadline for receipt of offers: {deadline}
    Reference: {digits}
    Review body: the administrative court in {city}
    EU funds: no
    """
)
MINUTES_LINES = _lines(
    """
    Apologies were received from {person}.
    The minutes of the last meeting were approved.
    {person} declared an interest in the item on bus shelters and left the room.
    The budget report was noted: {other_sum} under plan.
    The repair of the car park was put off until {deadline}.
    Members thanked {person} for {hours} years of service.
    The meeting closed at 9.{hours} pm.
    A question about hedges was answered in writing.
    """
)
