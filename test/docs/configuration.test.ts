/** docs/configuration.md, qnav.example.yml and .env.example against what the configuration really reads. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { risks } from '../../src/command/index.js'
import { configForm } from '../../src/config/config-form.js'
import { type Env, readEnvironment } from '../../src/config/environment.js'
import { loadConfig, readSlackSettings } from '../../src/config/index.js'
import { builtInRoles, type PolicySettings, powerOf } from '../../src/policy/roles.js'
import { readPage, root } from './pages.js'

const page = readPage('docs/configuration.md')

/** The rows of the table whose first column has this heading, each as its cells. */
function rowsUnder(heading: string): string[][] {
  const table = page.text.split(`\n| ${heading} |`)[1]?.split('\n\n')[0] ?? ''
  return table
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

const codeIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

/** Every key of the form: `hosts.<name>.pool`, `approvals[].risk`. */
function keysOf(form: z.ZodType, path = ''): string[] {
  const under = (key: string) => (path === '' ? key : `${path}.${key}`)
  if (form instanceof z.ZodObject) {
    return Object.entries(form.shape as Record<string, z.ZodType>).flatMap(([key, each]) =>
      keysOf(each, under(key)),
    )
  }
  if (form instanceof z.ZodDiscriminatedUnion) {
    return [...new Set((form.options as z.ZodType[]).flatMap((each) => keysOf(each, path)))]
  }
  if (form instanceof z.ZodDefault || form instanceof z.ZodPrefault || form instanceof z.ZodExactOptional) {
    return keysOf(form.def.innerType as z.ZodType, path)
  }
  if (form instanceof z.ZodArray) {
    const items = keysOf(form.element as z.ZodType, `${path}[]`)
    return items.length > 1 ? items : [path]
  }
  if (form instanceof z.ZodRecord) {
    const values = keysOf(form.valueType as z.ZodType, under('<name>'))
    return values.length > 1 ? [under('<name>'), ...values] : [path]
  }
  return [path]
}

const keys = keysOf(configForm)

/** The variables that are looked at, in whatever way Slack is spoken to. */
async function variablesRead(): Promise<string[]> {
  const seen = new Set<string>()
  const watched = (env: Env): Env =>
    new Proxy(env, {
      get: (target, name) => {
        seen.add(String(name))
        return target[String(name)]
      },
    })
  readEnvironment(watched({}), root)
  await readSlackSettings(watched({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' }))
  await readSlackSettings(watched({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's', PORT: '1' }))
  return [...seen].filter((name) => !name.endsWith('_FILE') && name !== 'CREDENTIALS_DIRECTORY').toSorted()
}

describe('qnav.yml', () => {
  it('has every key in the table, and no other', () => {
    expect(keys.length).toBeGreaterThan(25)
    expect(
      rowsUnder('key')
        .flatMap(([key]) => codeIn(key))
        .toSorted(),
    ).toEqual(keys.toSorted())
  })

  it('is shown with every key in qnav.example.yml, some behind a #, and that is accepted', async () => {
    const example = readFileSync(join(root, 'qnav.example.yml'), 'utf8')
    const last = keys.map((key) => key.split('.').at(-1) ?? '').filter((key) => key !== '<name>')
    const shown = last.filter((key) => new RegExp(`\\b${key.replace('[]', '')}:`).test(example))
    expect(shown).toEqual(last)
    await expect(loadConfig(join(root, 'qnav.example.yml'))).resolves.toBeDefined()
  })

  it('has the defaults that the table tells', () => {
    const told = new Map(
      rowsUnder('key').map(([key = '', , when = '']) => [codeIn(key)[0] ?? '', codeIn(when)[0]]),
    )
    const { hosts, approvals } = configForm.parse(
      parse('hosts: { k: { transport: ssh, address: a@b } }\napprovals: [{ risk: change }]'),
    )
    const host = hosts.k as Record<string, unknown>
    for (const key of ['known_hosts', 'virttype', 'pool', 'network']) {
      expect(`${key}: ${told.get(`hosts.<name>.${key}`)}`).toBe(`${key}: ${host[key]}`)
    }
    expect(told.get('hosts.<name>.libvirt.uri')).toBe(hosts.k?.libvirt.uri)
    expect(told.get('hosts.<name>.kcli.sudo')).toBe(String(hosts.k?.kcli.sudo))
    expect(approvals[0]).not.toHaveProperty('approvers')
    expect(told.get('approvals[].expires')).toBe(`${(approvals[0]?.expires ?? 0) / 3_600_000}h`)
  })
})

describe('the roles', () => {
  it('may do what the table tells', () => {
    const told = rowsUnder('role').map(([role = '', asks = '', decides]) => [
      role.split(':')[0],
      { asks: asks.split(', '), decides: decides === 'yes' },
    ])
    const none = { users: [], groups: [] }
    const settings: PolicySettings = {
      roles: { operator: none, approver: none, admin: none },
      approvals: [],
    }
    const powers = builtInRoles.map((role) => {
      const { may, decides } = powerOf(settings, role)
      return [role, { asks: may.flatMap((grant) => grant.risks), decides }]
    })
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(powers))
    expect(powerOf(settings, 'admin').may).toEqual([{ risks: Object.keys(risks) }])
  })
})

describe('the environment', () => {
  it('has every variable in the table, and no other', async () => {
    expect(
      rowsUnder('variable')
        .flatMap(([name]) => codeIn(name))
        .toSorted(),
    ).toEqual(await variablesRead())
  })

  it('has every variable in .env.example, and no other', async () => {
    const example = readFileSync(join(root, '.env.example'), 'utf8')
    const named = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = '']) => name)
    expect(named.toSorted()).toEqual(await variablesRead())
  })

  it('takes the log levels that the table tells', () => {
    const [, levels] = rowsUnder('variable').find(([name]) => name === '`LOG_LEVEL`') ?? []
    for (const level of codeIn(levels)) {
      expect(readEnvironment({ LOG_LEVEL: level }, root).logLevel).toBe(level)
    }
    expect(() => readEnvironment({ LOG_LEVEL: 'trace' }, root)).toThrow(codeIn(levels).join(', '))
  })
})
