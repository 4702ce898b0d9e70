import { rootOf, type Word } from './words.ts'

/**
 * Everyday English words that people and documents exchange for one another, as roots (see `rootOf`). Documents say
 * "maximum depth", people ask "how deep"; no embedding of single words tells such pairs from chance as surely as a list.
 * A word may stand in several groups. Other languages and trades are left to the vectors.
 */
export function relatedRoots(word: Word): ReadonlySet<string> {
  return byRoot.get(rootOf(word.folded)) ?? none
}

function groupsByRoot(): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>()
  for (const group of groups.split('\n')) {
    const roots = new Set(group.trim().split(/\s+/u).map(rootOf))
    for (const root of roots) {
      const others = all.get(root) ?? new Set<string>()
      for (const other of roots) if (other !== root) others.add(other)
      all.set(root, others)
    }
  }
  return all
}

const none: ReadonlySet<string> = new Set()

const groups = `deep deeper deepest depth
  long longer longest length duration
  long longer takes minutes hours days weeks months years
  high higher tall taller height elevation altitude
  wide wider width broad
  strong stronger strength force
  heavy heavier heaviest weigh weighs weight mass tonnes
  far farther further distance range
  fast faster quick quickly speed rapid rapidly velocity
  hot warm heat heated temperature
  cold cool chilled frozen freezing temperature
  old age aged
  young age
  big large great huge major substantial
  small little tiny minor
  biggest highest largest greatest most maximum top peak record heaviest deepest longest worst
  smallest lowest least minimum
  maximum limit ceiling cap threshold most up
  minimum least
  cost costs price fee charge charged charges pay paid payable payment rate tariff fare fine expense
  cheap inexpensive affordable
  expensive costly dear
  money fund funds funding budget sum amount cash payment paid deposit
  back refund refunded return returned reimburse reimbursed repaid
  buy buying bought purchase purchased order acquire acquired procure procurement
  sell sold sale sales
  salary wage wages pay paid earn earned income
  cancel cancelled cancellation called off withdraw withdrawn
  sign signs signed approve approves approved approval authorise authorised authorize authorized
  allow allowed permit permitted permission may can authorised licence
  forbidden prohibit prohibited ban banned never not
  must need needs needed require required requires requirement necessary obligatory mandatory
  rule rules policy regulation regulations guideline
  car vehicle van automobile
  plane planes airplane aeroplane aircraft flight fly flying flown airline jet
  boat ship vessel
  truck lorry tanker
  trip journey travel voyage
  doctor physician medical
  hurt injure injured injury injuries wounded harm
  ill sick illness disease unwell
  dead die died death deceased
  survive surviving alive
  accident incident crash
  broken break broke fail failed fails failure fault faulty damage damaged defect defective cracked dead
  repair repaired fix fixed mend
  phone telephone mobile call called calling ring dial
  internet web online network wifi connection
  start starts begin begins began commence opens
  stop stops end ends finish close closed halt
  happen happens happened occur occurs occurred
  keep kept hold held store stored retain retained preserve
  get gets got obtain receive received
  give gives given provide provides provided supply supplied grant
  send sent ship shipped dispatch dispatched deliver delivered
  bring brought carry carried take taken transport
  tell inform informed report reported notify notified say said
  ask request requests requested apply application enquire
  book booked booking reserve reserved reservation
  choose chosen select selected
  decide decides decided decision
  change changed changes modify modified amend amended alter
  replace replaced replacement substitute
  increase increased grow grew growth rise rises risen rose gain raised
  reduce reduced reduction decrease decreased cut cutting drop dropped fall fell fewer decline declined lower
  job jobs position post employment work role
  boss manager director head
  worker workers employee employees staff personnel crew
  child children kid kids son daughter
  people persons person passengers
  student pupil
  house home building accommodation residence housing
  flat apartment
  food meal meals eat dinner breakfast lunch supper kitchen
  electricity power energy electric electrical current
  waste rubbish garbage trash
  reason reasons cause caused because due
  result outcome effect consequence finding
  goal aim objective purpose target intended
  problem issue trouble difficulty
  method technique procedure process
  place location site where located kept
  weekend saturday sunday weekends
  daily day every
  weekly week
  monthly month
  yearly year annual annually
  often frequency frequently every interval daily weekly monthly times
  ahead advance before notice prior beforehand early
  test tested tests check checked examine examined inspect inspected inspection
  measure measured measurement reading
  wash washing washed laundry clean cleaned cleaning rinse
  build built construct constructed construction
  install installed installation fit fitted fitting mounted
  teacher educator
  company firm corporation business enterprise
  law act legislation
  medicine medicines drug drugs medication prescription
  rich wealthy
  poor low-income
  show shows shown display displayed
  find found detect detected discover discovered
  help helps assist assistance support
  need requirement
  alone solo lone nobody
  quote quotes quotation quotations
  danger dangerous hazard hazardous unsafe risk
  safe safety secure
  quit leave leaves leaving depart departure departs
  come arrive arrives arrival
  punishment penalty sanction fine
  foreign alien non-native invasive imported abroad
  usual usually normal normally typical typically
  share percentage percent proportion
  deadline closing due by until
  contain contains include includes included
  speak talk discuss discussed
  win won victory
  lose lost loss
  wear worn clothing
  animals animal fish
  beaten defeat defeated
  storm gale wind
  study research studying
  begin founded established
  author wrote written writer
  boundary limit edge
  leader head chief
  dig drilled drill borehole hole
  hall corridor`

const byRoot = groupsByRoot()
