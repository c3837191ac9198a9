/**
 * Slack's limits on Block Kit, in characters or items. Sources: the reference pages of docs.slack.dev for blocks, block
 * elements, composition objects and views, and the doc comments of `@slack/types` 3.2.
 */
export const limits = {
  blocksPerMessage: 50,
  blocksPerView: 100,
  /** UTF-8 bytes of a whole view as JSON. */
  viewBytes: 250_000,
  /** Longer text of chat.postMessage is cut here. */
  messageText: 40_000,
  id: 255,
  textObject: 3000,
  plainAltText: 2000,
  imageUrl: 3000,

  sectionFields: 10,
  sectionField: 2000,
  header: 150,
  contextElements: 10,
  contextActionsElements: 5,
  markdown: 12_000,
  imageTitle: 2000,
  actionsElements: 25,

  buttonText: 75,
  buttonValue: 2000,
  url: 3000,
  accessibilityLabel: 75,

  optionText: 75,
  /** Newer docs say 150; the types say 75, which both accept. */
  optionValue: 75,
  optionDescription: 75,
  optionGroupLabel: 75,
  selectOptions: 100,
  optionGroups: 100,
  overflowOptions: 5,
  choiceOptions: 10,
  placeholder: 150,

  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,

  inputLabel: 2000,
  inputHint: 2000,
  plainTextInput: 3000,
  richTextInputLines: 100,
  fileInputFiles: 10,

  viewTitle: 24,
  viewButton: 24,
  privateMetadata: 3000,
  callbackId: 255,
  /** One opened and two pushed. */
  viewStack: 3,

  tableRows: 100,
  tableColumns: 20,
  tablesPerMessage: 1,
  dataTableRows: 201,
  dataTableCharacters: 20_000,
  dataTablePageSize: 100,

  cardTitle: 150,
  cardBody: 200,
  cardActions: 3,
  carouselCards: 10,
  containerChildren: 10,
  containerTitle: 150,
  alertText: 200,
  chartTitle: 50,
  chartSeries: 12,
  chartPoints: 20,
  chartLabel: 20,
  videoTitle: 200,
  richTextIndent: 8,
} as const
