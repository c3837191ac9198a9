import { expect, it } from 'vitest'
import { unknownName } from '../../src/command/index.js'

const fixOf = (typed: string, known: string[]) =>
  unknownName('unknown-image', 'There is no image', typed, known, 'The images are').fix

it('a name that nothing has is answered with the nearest ones, else with all', () => {
  expect(fixOf('roky9', ['rocky9', 'tiny'])).toBe('Did you mean rocky9?')
  expect(fixOf('windows', ['rocky9', 'tiny'])).toBe('The images are: rocky9, tiny.')
  expect(fixOf('windows', [])).toBe('The images are: none.')
})

it('names each once, though it may be in several places', () => {
  expect(fixOf('windows', ['tiny', 'rocky9', 'tiny'])).toBe('The images are: tiny, rocky9.')
  expect(fixOf('tini', ['tiny', 'tiny'])).toBe('Did you mean tiny?')
})
