export { Forms, type FormsParts } from './forms.js'
