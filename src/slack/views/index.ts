export { approvalCard, askedAgain } from './approval-card.js'
export {
  breakGlassCard,
  expiryReminder,
  outcomeNews,
  outcomeOf,
  reviewReminder,
} from './approval-news.js'
export { auditNews } from './audit-news.js'
export { hasChart, withTextCharts } from './chart.js'
export { commandPicker, pickedCommand, pickerCallback } from './command-picker.js'
export { denyModal, longestReason } from './deny-modal.js'
export { isOptionValue, optionOf } from './form-element.js'
export {
  type AnswerPlace,
  argumentOf,
  errorsByBlock,
  type FormMetadata,
  fieldAction,
  followersOf,
  formCallback,
  formMetadata,
  formState,
  leadersIn,
  valuesIn,
} from './form-fields.js'
export {
  formModal,
  loadingModal,
  modalOf,
  plainModal,
  titleOf,
} from './form-modal.js'
export {
  type HomeFacts,
  type HostLine,
  homeView,
  myVmBlocks,
  pageAction,
  vmBlocks,
  vmsOnPage,
} from './home-view.js'
export * from './ids.js'
export { type CardNotes, jobCard, jobLine } from './job-card.js'
export { whatHappened } from './job-words.js'
export { context, type Message, type MessageWithThread, section, sections } from './message.js'
export { escapeText, isDirect, isSlackUser } from './mrkdwn.js'
export {
  formButton,
  formOffer,
  inviteLine,
  mistake,
  noPicture,
  somethingWentWrong,
  stillAtIt,
  tooLate,
} from './notices.js'
export { longestMetadata, type PlanMetadata, planCallback, planMetadata, planModal } from './plan-modal.js'
export { prepare, prepareOptions, prepareView } from './prepare.js'
export { type Asked, reportMessage } from './report-message.js'
