export { type Catalogue, type CatalogueEntry, createCatalogue, loadCatalogue, type ParsedLine } from './catalogue.js'
export * from './definition.js'
