const unitMiB: Readonly<Record<string, number>> = { M: 1, G: 1024, T: 1024 ** 2 }

/** MiB of `512M`, `64G`, `64GiB`, `1.5T`; undefined for anything else, for nothing and for more than a PiB. */
export function parseSize(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,7}(?:\.\d{1,3})?)([MGT])(?:iB)?$/.exec(text) ?? []
  const mib = Number(digits) * (unitMiB[unit] ?? 0)
  return mib > 0 && mib <= 1024 ** 3 ? mib : undefined
}
