/** Making elements. Text always goes in as text, never as HTML. */
type Child = Node | string | undefined | false
type Props = Record<string, string | number | boolean | EventListener | undefined>

/** `h('button', { class: 'x', 'aria-label': 'Close', onclick }, 'text')`; undefined and false leave a property out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.filter((child) => child !== undefined && child !== false))
  return element
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element
}

/** An icon from the sprite of line drawings below. */
export function icon(name: keyof typeof paths): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 20 20')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', paths[name])
  svg.append(path)
  return svg
}

const paths = {
  back: 'M12.5 4 6.5 10l6 6',
  close: 'M5 5l10 10M15 5 5 15',
  send: 'M3.5 16.5 17 10 3.5 3.5 5.5 10zM5.5 10H11',
  thread: 'M4 4h12v9H9l-3.5 3v-3H4z',
  more: 'M10 5v.01M10 10v.01M10 15v.01',
  down: 'M5 8l5 5 5-5',
  bolt: 'M11 2.5 4.5 11H9l-.5 6.5L15.500 9H11z',
  home: 'M3.5 9.500 10 4l6.500 5.500M5.500 8.500V16h9V8.500',
  traffic: 'M4 7h11M12 4l3 3-3 3M16 13H5M8 10l-3 3 3 3',
  eye: 'M2.500 10S5 5 10 5s7.500 5 7.500 5-2.500 5-7.500 5-7.500-5-7.500-5zM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  check: 'M4.500 10.500l3.500 3.500 7.500-8',
  cross: 'M6 6l8 8M14 6l-8 8',
  warning: 'M10 3 18 17H2zM10 8.500v4M10 14.500v.01',
} as const
