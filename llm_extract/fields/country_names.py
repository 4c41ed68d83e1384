"""Names that speak for a country: places, peoples, forms of companies, institutions and plain currencies.

Town names that several countries share (Newcastle, Hamilton, Georgetown) are left out, and so are most
names of languages and people ("French", "Darwin", "Regina").
"""

from __future__ import annotations

# Each country (ISO 3166-1), then its names of one word or more, parted by "|", as they are written.
COUNTRY_NAMES = """
AU Australia|Australian|Australians|Sydney|Melbourne|Brisbane|Perth|Adelaide|Canberra|Hobart|Geelong|Ballarat|Bendigo|
   Cairns|Townsville|Wollongong|Parramatta|NSW|New South Wales|Queensland|Tasmania|Tasmanian|Western Australia|
   South Australia|Northern Territory|Victorian|Gold Coast|Aussie|Pty|AusTender|A$|AU$|AUD|Shire Council|
   Senate Estimates|Qld|Queenslander|Vic.|Tas.|Toowoomba|Rockhampton|Bundaberg|Launceston|Wodonga|Albury|Wagga Wagga|
   Dubbo|Mildura|Shepparton|Warrnambool|Bunbury|Kalgoorlie|Geraldton|Fremantle|Mount Gambier|Whyalla|Port Augusta|
   Port Lincoln|Mount Isa|Coffs Harbour|Alice Springs|Sunshine Coast|Riverina|Gippsland|Pilbara|Tasmanians|TAFE|
   Centrelink|Senate Standing Committee|taken on notice|forward estimates|Services Australia|
   ASX|VicRoads|Medibank|Local Health District|Moreton Bay|
   Port Macquarie|Hervey Bay|Burnie|Broken Hill|Armidale|Nowra|Karratha|Port Hedland|Traralgon|Wangaratta|Echuca|
   Sunraysia|Merimbula|Katoomba|Blacktown|Bankstown|Cessnock|
   Shire|Shires|Lithgow|Goulburn|Queanbeyan|Byron Bay|Mudgee|Cowra|Deniliquin|Moree|Narrabri|
   Gunnedah|Inverell|Tenterfield|Kempsey|Bega Valley|Cooma|Taree|Illawarra|Hunter Valley|Monaro|
   Murrumbidgee|Snowy Mountains|Wimmera|Mallee|Otway|Otways|Bairnsdale|Colac|Swan Hill|Kerang|Benalla|
   Longreach|Gympie|Noosa|Caloundra|Innisfail|Mareeba|Cooktown|Weipa|Kununurra|Busselton|Mandurah|
   Wheatbelt|Port Pirie|Murray Bridge|Barossa|Ceduna|Coober Pedy|Ulverstone|Tennant Creek|Arnhem Land|NDIS|
   ACCC|Telstra|Optus
CA Canada|Canadian|Canadians|Toronto|Ontario|Quebec|Québec|Montreal|Montréal|Vancouver|British Columbia|B.C.|Alberta|
   Calgary|Edmonton|Manitoba|Winnipeg|Saskatchewan|Saskatoon|Ottawa|Nova Scotia|Halifax|New Brunswick|Fredericton|
   Moncton|Newfoundland|Labrador|Prince Edward Island|Yukon|Nunavut|Northwest Territories|Gatineau|Mississauga|
   Burnaby|Nanaimo|Kelowna|Kamloops|Thunder Bay|Sudbury|Ont.|Sask.|Alta.|HST|C$|CA$|Cdn|CAD|Man.|Que.|Nfld.|N.L.|N.S.|
   N.B.|P.E.I.|N.W.T.|Y.T.|Rural Municipality|First Nation|Métis|Newfoundlander|Manitoban|Albertan|
   Albertans|Ontarian|Ontarians|Quebecer|Quebecers|Moose Jaw|Prince Albert|Yorkton|Weyburn|Swift Current|Red Deer|
   Lethbridge|Medicine Hat|Fort McMurray|Grande Prairie|Prince George|Abbotsford|Coquitlam|Kitchener|Guelph|Oshawa|
   Brampton|Timmins|Sault Ste. Marie|North Bay|Lévis|Rimouski|Sherbrooke|Trois-Rivières|Saguenay|Longueuil|
   Drummondville|Saint John|Miramichi|Cape Breton|Antigonish|Corner Brook|Goose Bay|
   Charlottetown|Summerside|Whitehorse|Yellowknife|Iqaluit|SEAO|MERX|Flin Flon|Steinbach|Portage la Prairie|
   Queen's Park|Queen’s Park|loonie|
   TSX|Crown corporation|RCMP|Ltée|SaskPower|SaskTel|BC Hydro|BC Ferries|Hydro One|ICBC|Metrolinx|Mounties|
   QST|MRC de|Amqui|Matane|Gaspé|Baie-Comeau|Sept-Îles|Val-d'Or|Val-d’Or|Rouyn-Noranda|Chicoutimi|
   Shawinigan|Joliette|Saint-Jérôme|Thetford Mines|Rivière-du-Loup|Montmagny|Victoriaville|Repentigny|
   Abitibi|Outaouais|Estrie|Montérégie|Gaspésie|Bas-Saint-Laurent|Hydro-Québec|Okanagan|
   Kootenay|Kootenays|Cranbrook|Penticton|Chilliwack|Squamish|Campbell River|Haida Gwaii|
   Muskoka|Kenora|Kapuskasing|Estevan|Lloydminster|
   Selkirk, Man|Inuvik|Nunavik|
   Canadien|Canadienne
NZ New Zealand|New Zealander|New Zealanders|NZ|Auckland|Wellington|Christchurch|Dunedin|Waikato|Otago|
   Canterbury Regional|Tauranga|Rotorua|Napier|Whanganui|Invercargill|Palmerston North|Taranaki|Southland|Northland|
   Manawatu|Māori|Maori|Aotearoa|Te Whatu Ora|iwi|NZ$|NZD|North Island|South Island|District Health Board|DHB|DHBs|
   Whangārei|Whangarei|Hawke's Bay|Hawke’s Bay|Bay of Plenty|New Plymouth|Timaru|Oamaru|Queenstown Lakes|Wanaka|
   Wānaka|Hokitika|Greymouth|Kaikoura|Kaikōura|Masterton|Porirua|Lower Hutt|Upper Hutt|Hutt Valley|Taupo|Taupō|
   Whakatane|Whakatāne|Tokoroa|Te Awamutu|Hawera|Hāwera|Feilding|Waitaki|Waimakariri|Kapiti|Kāpiti|Wairarapa|
   Horowhenua|Manukau|Waitakere|Manawatū|Rangitikei|Rangitīkei|Ruapehu|Tararua|Kiwibank|kaumātua|whānau|Kia ora|
   Tēnā koutou|Ngā mihi|resource consent|warrant of fitness|
   NZX|Waka Kotahi|Kāinga Ora|Oranga Tamariki|Te Papa|Te Pūkenga|Crown entity|hapū|marae|
   Thames-Coromandel|Coromandel|Gisborne|Wairoa|Carterton|Ōpōtiki|Opotiki|Kawerau|Kerikeri|Kaitaia|Kaipara|Balclutha|
   Clutha|Ōamaru|Temuka|Akaroa|Rangiora|Kaiapoi|Pukekohe|Papakura|Te Puke|Taumarunui|Ōtaki|Paraparaumu|Waitomo|Buller|
   Selwyn District|Ashburton District|Whakapapa|Ruawai|Dargaville|Matamata|
   Morrinsville|Putāruru|Putaruru|Te Kūiti|Te Kuiti|Ōhakune|Ohakune|Taihape|Dannevirke|Pahiatua|
   Picton, NZ|Motueka|Tākaka|Lake Tekapo|Twizel|Gore District|Te Anau|Rakiura|
   Chatham Islands|Pākehā|Te Tiriti|tangata whenua|mana whenua|kōrero|Aoraki|Ngāti|Ngāi Tahu|
   Ngai Tahu|Tainui|Callaghan Innovation|KiwiRail|Fonterra|Te Kāwanatanga|rūnanga|runanga
SG Singapore|Singaporean|Singaporeans|Pte|S$|SGD|Tampines|Jurong|Changi|GeBIZ|Ang Mo Kio|Bukit Merah|Toa Payoh|Sentosa|
   Woodlands, Singapore|Bukit Timah|Sembawang|Punggol|Sengkang|Hougang|Temasek|Tanjong Pagar|Jalan Besar
HK Hong Kong|Kowloon|HK$|HKD|HKSAR|LCQ|Tsuen Wan|Sha Tin|Wan Chai|Tuen Mun|New Territories|Lantau|Mong Kok|Yuen Long|
   Kwun Tong|Tai Po|Lamma|Hongkong|
   Hongkonger|Hongkongers|Cheung Chau|Kwai Chung|Sham Shui Po|Causeway Bay|Tseung Kwan O|Legco|LegCo
TW Taiwan|Taiwanese|Taipei|Kaohsiung|NT$|TWD
JM Jamaica|Jamaican|Kingston, Jamaica|J$|JMD|Montego Bay|
   Mandeville, Jamaica|Ocho Rios|Negril|Jamaicans|Spanish Town
TT Trinidad|Tobago|Port of Spain|TT$|TTD|Chaguanas|Trinidadian|
   San Fernando, Trinidad|Arima|Piarco|Couva|Point Fortin
BB Barbados|Barbadian|Bridgetown|BDS$|Bds$|BBD
GY Guyana|Guyanese|Georgetown, Guyana|
   Demerara|Berbice|Essequibo
FJ Fiji|Fijian|Suva|FJ$|Lautoka|Nadi|
   Labasa|Sigatoka|Viti Levu|Vanua Levu|Levuka|Savusavu|Fijians|Rakiraki
NA Namibia|Namibian|Windhoek|N$|Walvis Bay|Swakopmund|Oshakati|
   Rundu|Otjiwarongo|Keetmanshoop|Lüderitz|Katima Mulilo|Ondangwa|Ongwediva|Tsumeb|Okahandja|Gobabis|
   Namibians|Khomas|Erongo|Otjozondjupa
US United States|U.S.|US|USA|American|Americans|America|Washington|New York|Texas|Texan|California|Florida|Ohio|
   Pennsylvania|Illinois|Michigan|Virginia|Georgia|Massachusetts|Arizona|Colorado|Minnesota|Wisconsin|Missouri|
   Tennessee|Kentucky|Louisiana|Alabama|Oregon|Oklahoma|Nebraska|Kansas|Iowa|Utah|Nevada|Idaho|Montana|Wyoming|Maine|
   Vermont|New Hampshire|Connecticut|Rhode Island|New Jersey|Delaware|Maryland|North Carolina|South Carolina|
   West Virginia|Mississippi|Arkansas|Indiana|Hawaii|Alaska|North Dakota|South Dakota|New Mexico|Calif.|Tex.|Fla.|Pa.|
   Ill.|Mich.|Va.|Ga.|Mass.|Ariz.|Colo.|Minn.|Wis.|Mo.|Tenn.|Ky.|La.|Ala.|Ore.|Okla.|Neb.|Kan.|Conn.|N.J.|N.Y.|Md.|
   N.C.|S.C.|W.Va.|Miss.|Ark.|Ind.|Chicago|Los Angeles|San Francisco|Boston|Houston|Dallas|Atlanta|Seattle|Denver|
   Phoenix|Detroit|Philadelphia|Pentagon|LLC|NYSE|Nasdaq|
   Cleveland|Cincinnati|Pittsburgh|Minneapolis|Milwaukee|St. Louis|Nashville|Memphis|San Diego|San Jose|Sacramento|
   Baltimore|Orlando|Miami|Las Vegas|Salt Lake City|Albuquerque|New Orleans|Indianapolis|Louisville|Tulsa|Omaha|
   Medicaid|FedRAMP|NASPO|Capitol Hill|county commissioners|selectmen|Board of Supervisors
GB Britain|British|UK|U.K.|England|Scotland|Scottish|Wales|Welsh|Northern Ireland|London|Manchester|Birmingham|Leeds|
   Glasgow|Edinburgh|Cardiff|Belfast|Whitehall|NHS|MoD|HMRC|£|GBP
IE Ireland|Irish|Dublin|Cork|Galway
IN India|Indian|Delhi|Mumbai|Bombay|Bengaluru|Bangalore|Chennai|Hyderabad|Kolkata|Pune|Gujarat|Maharashtra|Karnataka|
   Kerala|Tamil Nadu|Punjab|Rajasthan|Uttar Pradesh|Madhya Pradesh|Bihar|Odisha|Assam|crore|lakh|₹|INR|Jaipur|Lucknow|
   Bhopal|Indore|Nagpur|Surat|Ahmedabad|Patna|Guwahati|Bhubaneswar|Chandigarh|Kochi|Goa|Haryana|Jharkhand|Telangana|
   Andhra Pradesh|West Bengal|Mysuru|Mysore|Noida|Gurgaon|Gurugram
PK Pakistan|Pakistani|Karachi|Lahore|Islamabad|Rawalpindi|Peshawar|Quetta|Multan|Faisalabad|Sindh|Balochistan|Khyber|
   PKR|Sialkot|Gwadar|Gilgit|Gujranwala|
   Sukkur|Bahawalpur|Sargodha|Abbottabad|Mardan|Muzaffarabad|NADRA|Federal Board of Revenue|
   Okara|Sahiwal|Jhelum|Chitral|Hunza|Skardu|Kohat|Bannu|Dera Ismail Khan|Larkana|
   Nawabshah|Khairpur|Turbat|Zhob|Pakistanis|Potohar|Pothohar|WAPDA|tehsil|
   Khyber Pakhtunkhwa
NP Nepal|Nepali|Nepalese|Kathmandu|Pokhara|Lalitpur|Biratnagar|NPR|
   Janakpur|Birgunj|Nepalgunj|Dharan|Butwal|Chitwan|Terai|Lumbini|Gandaki|Bagmati|
   Bhaktapur
LK Sri Lanka|Sri Lankan|Colombo|Kandy|Jaffna|LKR|Ceylon|Galle|Ratnapura|Kurunegala|Anuradhapura|Trincomalee|
   Batticaloa|Negombo|Matara|Badulla|Gampaha|Sabaragamuwa|Uva Province|Sinhala|
   Lankan|Lankans|Gampola|Nuwara Eliya|Matale|Hambantota|Kalutara|Polonnaruwa|Puttalam|Mannar|Vavuniya|
   Kilinochchi|Kegalle|Monaragala|Ampara|Moratuwa|Dehiwala|Kotte|Panadura|Chilaw|Bandarawela|Dambulla|
   Peradeniya|Teldeniya|Poya|Pradeshiya Sabha|Sinhalese
MU Mauritius|Mauritian|Port Louis|MUR|
   Curepipe|Rodrigues Island|Quatre Bornes|Mauritians
BD Bangladesh|Bangladeshi|Dhaka|Chittagong|BDT|Tk
SE Sweden|Swedish|Stockholm|Gothenburg|Göteborg|Malmö|Uppsala|SEK|kronor|Västerås|Örebro|Linköping|Norrköping|Umeå|
   Skåne|
   Gävle|Sundsvall|Luleå|Karlstad|Växjö|Kalmar|Helsingborg|Jönköping|Halmstad|Norrland|Gotland|Östersund|
   Skellefteå|Borås|Småland|Riksdag|Swedes|Västra Götaland|Dalarna|Värmland
DK Denmark|Danish|Copenhagen|Aarhus|Odense|Aalborg|Jutland|DKK|Esbjerg|Randers|Roskilde|Funen|
   Jylland|Sjælland|Fyn|Vejle|Kolding|Horsens|Herning|Viborg|Silkeborg|Næstved|Svendborg|Sønderborg|
   Holbæk|Helsingør|Elsinore|Hillerød|Køge|Bornholm|Storebælt|Folketing|Folketinget|A/S|ApS|Danes|Faroe
NO Norway|Norwegian|Oslo|Bergen|Trondheim|Stavanger|Tromsø|NOK|Drammen|Kristiansand|Bodø|Hammerfest|Ålesund|
   Lillehammer|Fredrikstad|
   Vestland|Rogaland|Hordaland|Nordland|Troms|Finnmark|Telemark|Agder|Møre|Romsdal|Trøndelag|Hedmark|
   Oppland|Buskerud|Østfold|Vestfold|Innlandet|Haugesund|Molde|Narvik|Harstad|Sandnes|Larvik|Skien|
   Porsgrunn|Arendal|Hamar|Gjøvik|Sarpsborg|Tønsberg|Doffin|Storting|Stortinget|Svalbard|Norwegians
IS Iceland|Icelandic|Reykjavik|Reykjavík|ISK|
   Akureyri|Keflavík|Kópavogur|Hafnarfjörður|Selfoss|Althing|ehf|Icelanders
CZ Czech|Prague|Brno|Ostrava|CZK|Czechs|Plzeň|Pilsen|Olomouc|Liberec|Bohemia|Moravia|Moravian|Bohemian|Pardubice|
   Hradec Králové|Zlín|
   České Budějovice|Karlovy Vary|Jihlava|Opava|Ústí nad Labem|Kladno
KE Kenya|Kenyan|Kenyans|Nairobi|Mombasa|Kisumu|Nakuru|KES|KSh|Ksh|Machakos|Eldoret|Thika|Kiambu|Kakamega|Nyeri|
   Kericho|Garissa|Malindi|Kajiado|Harambee|M-Pesa|Madaraka|
   Mumias|Bungoma|Kitale|Naivasha|Nanyuki|Lodwar|Turkana|Kilifi|Kwale|Isiolo|Marsabit|Mandera|Wajir|
   Homa Bay|Kisii|Siaya|Vihiga|Bomet|Narok|Murang'a|Murang’a|Kirinyaga|Laikipia|Nyandarua|Samburu|Kitui|
   Makueni|Nyamira|Migori|harambee|matatu
UG Uganda|Ugandan|Ugandans|Kampala|Entebbe|UGX|USh|Gulu|Mbarara|Mbale|Masaka|Hoima|
   Arua|Soroti|Tororo|Kabale|Fort Portal|Kasese|Mukono|Wakiso|Luweero|Karamoja|Iganga|Moroto
TZ Tanzania|Tanzanian|Dar es Salaam|Dodoma|Arusha|Zanzibar|TZS|TSh|Mwanza|Mbeya|Morogoro|Tanzanians|Kigoma|
   Moshi|Tabora|Iringa|Songea|Mtwara|Kilimanjaro|Bagamoyo|Shinyanga|Singida|Musoma|Bukoba|Njombe|Unguja
RW Rwanda|Rwandan|Kigali|RWF
ET Ethiopia|Ethiopian|Addis Ababa|ETB
GH Ghana|Ghanaian|Accra|Kumasi|GHS|GH¢|
   Takoradi|Sekondi|Cape Coast|Ashanti|Ghanaians|Koforidua|Sunyani
NG Nigeria|Nigerian|Lagos|Abuja|Kano|Ibadan|NGN|₦|naira|
   Port Harcourt|Kaduna|Enugu|Ilorin|Abeokuta|Benin City|Calabar|Uyo|Maiduguri|Sokoto|Nigerians|
   Owerri|Akure
ZA South Africa|South African|Johannesburg|Cape Town|Durban|Pretoria|KwaZulu|Gauteng|ZAR
ZM Zambia|Zambian|Lusaka|ZMW|Ndola|Kitwe|Kabwe|Chipata|Zambians|Copperbelt|
   Solwezi|Kasama|Mongu|Chingola|Mufulira|Luanshya
MW Malawi|Malawian|Lilongwe|Blantyre|MWK|Mzuzu|Zomba|
   Karonga|Mangochi|Kasungu|Nkhata Bay|Malawians
BW Botswana|Gaborone|Francistown|BWP|Okavango|Batswana|Motswana|
   Maun|Serowe|Palapye|Lobatse|Kasane|Ghanzi|Molepolole|Kanye|Mahalapye|Jwaneng|Kgalagadi|Selebi-Phikwe|
   Chobe
SN Senegal|Senegalese|Dakar
CI Ivorian|Abidjan|Ivory Coast|Côte d'Ivoire|Côte d’Ivoire|Yamoussoukro
EG Egypt|Egyptian|Cairo|Alexandria|EGP
LB Lebanon|Lebanese|Beirut|LBP
MA Morocco|Moroccan|Casablanca|Rabat
TN Tunisia|Tunisian|Tunis
DZ Algeria|Algerian|Algiers
LY Libya|Libyan|Tripoli
KW Kuwait|Kuwaiti|KD|KWD
BH Bahrain|Bahraini|Manama|BHD
JO Jordanian|Amman|JOD
IQ Iraq|Iraqi|Baghdad|Basra
QA Qatar|Qatari|Doha|QAR
OM Oman|Omani|Muscat|OMR
SA Saudi|Riyadh|Jeddah|Dammam|SAR
AE UAE|Emirati|Emirates|Dubai|Abu Dhabi|Sharjah|AED
RS Serbia|Serbian|Belgrade
PH Philippines|Philippine|Filipino|Manila|Cebu|Davao|Quezon|Mindanao|Luzon|PHP|₱|Bicol|Visayas|Surigao|Iloilo|
   Zamboanga|Cagayan|Baguio|Batangas|Pampanga|Bulacan|Cavite|Leyte|Palawan|Batanes|Albay|Camarines|Ilocos|Bohol|
   barangay|PhilGEPS|Landbank|Filipinos
MX Mexico|Mexican|Monterrey|Guadalajara|Tijuana|Puebla|Querétaro|Jalisco|Oaxaca|Veracruz|Yucatán|
   Chihuahua|Sinaloa|Nayarit|Michoacán|Chiapas|Campeche|Quintana Roo|Tlaxcala|Guanajuato|
   Aguascalientes|Zacatecas|Coahuila|Nuevo León|Tamaulipas|San Luis Potosí|Baja California|Cancún|Toluca|
   Ciudad Juárez|Mazatlán|Acapulco|Saltillo|Culiacán|Hermosillo|Mexicali|Torreón|Xalapa|Compranet|
   CompraNet|Mexicans|de C.V|Manzanillo|Tampico|Pemex
CL Chile|Chilean|Santiago|Valparaíso|Valparaiso|Antofagasta|Temuco|Puerto Montt|Puerto Varas|Punta Arenas|Osorno|
   Iquique|Rancagua|
   Concepción|Valdivia|La Serena|Coquimbo|Arica|Atacama|Chiloé|Biobío|Bío-Bío|Araucanía|Aysén|Talca|
   Chillán|Curicó|Magallanes|ChileCompra|Mercado Público|Chileans|Codelco|Talcahuano|Calama
CO Colombia|Colombian|Bogotá|Bogota|Medellín|Barranquilla|Bucaramanga|
   Cúcuta|Manizales|Ibagué|Antioquia|Cundinamarca|Boyacá|SECOP|Colombians|Ecopetrol|Popayán|Villavicencio
AR Argentina|Argentine|Buenos Aires|Tucumán|Neuquén|Bariloche|Mar del Plata|Ushuaia|Corrientes|Patagonia|
   Argentinian|
   Jujuy|Chubut|Misiones|Entre Ríos|Río Negro|Comodoro Rivadavia|Río Gallegos|
   La Plata|Argentines|Posadas|Tierra del Fuego
MY Malaysia|Malaysian|Kuala Lumpur|Penang|Johor|Sdn Bhd|RM
TH Thailand|Thai|Bangkok|baht
ID Indonesia|Indonesian|Jakarta
JP Japan|Japanese|Tokyo|Osaka|yen
KR Korea|Korean|Seoul|Busan
CN China|Chinese|Beijing|Shanghai|Shenzhen
DE Germany|German|Berlin|Munich|Hamburg|Frankfurt|Cologne|Stuttgart|Düsseldorf|Bavaria|Bavarian|Saxony|Hesse|Hanover|
   Leipzig|Dresden|GmbH
CH Switzerland|Swiss|Zurich|Zürich|Geneva|CHF|Basel|Bern|Lausanne|Lucerne|Winterthur|Lugano|Swisscom
BZ Belize|Belizean|Belmopan|
   San Ignacio, Belize|Corozal|Belizeans
BN Brunei|Bandar Seri Begawan|
   Bruneian|Kuala Belait|Tutong|Temburong|Seria
SO Somalia|Somali|Mogadishu|Hargeisa
SZ Swaziland|Swazi|Eswatini|Mbabane|Manzini
PG Papua New Guinea|Port Moresby|
   PNG|Lae|Goroka|Mount Hagen|Mt Hagen|Madang|Rabaul|Kokopo|Wewak|Kavieng|Sepik|Bougainville|
   Alotau|Popondetta|New Ireland|Papuan|Kimbe
SC Seychelles|Seychellois
SD Sudan|Sudanese|Khartoum
SY Syria|Syrian|Damascus|Aleppo
SK Slovakia|Slovak|Slovaks|Bratislava|Košice|Žilina
EE Estonia|Estonian|Tallinn|Tartu
UY Uruguay|Uruguayan|Montevideo|
   Paysandú|Punta del Este|Canelones|Tacuarembó|Uruguayans
DO Dominican Republic|Santo Domingo
CU Cuba|Cuban|Havana
BE Belgium|Belgian|Belgians|Flemish|Flanders|Walloon|Wallonia|Antwerp|Ghent|Liège|Bruges|Charleroi|Namur|Leuven
LU Luxembourg
FR France|Paris|Lyon|Marseille|Toulouse|Bordeaux|Lille|Nantes|Strasbourg|Normandy
FI Finland|Finnish|Helsinki|Tampere|Turku|Espoo|Oulu
BA Bosnia|Bosnian|Sarajevo|Banja Luka|Republika Srpska|Mostar
BY Belarus|Belarusian|Minsk
RU Russia|Russian|Moscow|St Petersburg|St. Petersburg
MD Moldova|Moldovan|Chisinau|Chişinău
RO Romania|Romanian|Bucharest|Cluj|Timişoara|Timișoara
AZ Azerbaijan|Azerbaijani|Baku
TM Turkmenistan|Turkmen|Ashgabat
YE Yemen|Yemeni|Sanaa
IR Iran|Iranian|Tehran
BJ Benin|Cotonou
BF Burkina Faso|Ouagadougou
ML Mali|Malian|Bamako
NE Niger|Niamey
TG Togo|Lomé
CM Cameroon|Cameroonian|Yaoundé|Douala
GA Gabon|Gabonese|Libreville
TD N'Djamena
CG Congo-Brazzaville|Brazzaville
CD Congo|Congolese|Kinshasa
BI Burundi|Bujumbura
DJ Djibouti
GN Conakry
BT Bhutan|Bhutanese|Thimphu
HU Hungary|Hungarian|Budapest|Debrecen|Szeged|Pécs|Miskolc|HUF
BS Bahamas|Bahamian|Bahamians|Grand Bahama
BM Bermuda|Bermudian|Bermudians
KY Cayman|Caymanian
SB Solomon Islands|Honiara|Guadalcanal
LR Liberia|Liberian|Monrovia
SR Suriname|Surinamese|Paramaribo
AG Antigua|Barbuda
DM Dominica
GD Grenada|Grenadian
KN St Kitts|St. Kitts|Basseterre
LC St Lucia|St. Lucia|Saint Lucia|Castries
VC St Vincent and|St. Vincent and|Kingstown|Grenadines
TO Tonga|Tongan|Tongans|Nuku'alofa|Nuku’alofa
WS Samoa|Samoan|Apia
VU Vanuatu|Port Vila
NI Nicaragua|Nicaraguan|Managua
ZW Zimbabwe|Zimbabwean|Harare|Bulawayo
LS Lesotho|Basotho|Maseru
GM Gambia|Gambian|Banjul
MM Myanmar|Yangon|Naypyidaw
GT Guatemala|Guatemalan
HN Honduras|Honduran|Tegucigalpa
GW Guinea-Bissau|Bissau
CF Bangui|Central African Republic
GQ Equatorial Guinea|Malabo
"""
