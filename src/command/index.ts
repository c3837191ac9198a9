export { type ArgumentDescription, describeArguments } from './argument-list.js'
export { type ArgumentKind, type ArgumentMeta, metaOf } from './argument-meta.js'
export * from './arguments.js'
export { askHosts, type HostAnswer, hostCount, type SilentHost, silence } from './ask-hosts.js'
export { hostsWithRoom, touched, usersWarning } from './blast-radius.js'
export { canonicalLine, flagText, usageOf } from './canonical-line.js'
export { Catalogue, type CatalogueEntry, loadCatalogue } from './catalogue.js'
export { commandsPage } from './commands-page.js'
export { asData, type Data } from './data.js'
export { dateTime, dateTimeOrAgo, isoTime } from './date-times.js'
export * from './definition.js'
export { firstAddress, type SeenVm } from './first-address.js'
export {
  type FormValue,
  type FormValues,
  formWanted,
  type ReadForm,
  readForm,
  type WantedForm,
} from './form.js'
export { helpAbout } from './help.js'
export { decideJob, personName, reviewJob, stateWords } from './job-report.js'
export { onlyHost, unknownName } from './known-names.js'
export {
  hasEnded,
  type LeaseTerms,
  leaseBlocker,
  leaseFrom,
  leaseInWords,
  leaseTime,
  timeLeft,
} from './leases.js'
export type { Manner } from './manner.js'
export { nearest, orList } from './nearest.js'
export type { ParsedCommand } from './parse-command-line.js'
export {
  chooseHost,
  imageBlocker,
  memoryBlocker,
  memoryWarning,
  nameBlockers,
  networkBlockers,
  poolBlocker,
  showGiB,
} from './placement.js'
export { type PlanBuilder, planOn } from './plan-builder.js'
export { changeText } from './plan-report.js'
export { type PollOptions, poll } from './polling.js'
export { preferencesReport, shortKey } from './preferences-report.js'
export { readDuration, writeDuration } from './quantities.js'
export { memoryChart, roomChart } from './room-chart.js'
export { type Question, type Suggestion, Suggestions, type SuggestionsParts } from './suggestions.js'
export {
  dayNames,
  dayTime,
  parseDays,
  parseTimeOfDay,
  quietHoursSpan,
  rhythmInWords,
  scheduleRef,
  timeZoneName,
  weekDays,
} from './times-of-week.js'
export { isOff, pinned, vmActions, vmWord } from './vm-report.js'
export { quoteWord, wordsOf } from './words.js'
