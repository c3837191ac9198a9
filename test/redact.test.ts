import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLog } from '../src/log.js'
import { redact, redactJson } from '../src/redact.js'

const alphabet = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength })
const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const word = alphabet(alphanumeric, 12, 40)
/** Awkward inside values, but without white space. */
const password = alphabet(`${alphanumeric}!#$%&*+,./:;<=>?@^_~()[]{}|-`, 12, 30).filter(
  (text) => !text.startsWith('-') && !text.startsWith('[redacted]'),
)
const secretName = fc.constantFrom(
  'password',
  'rhn_password',
  'ansible_become_password',
  'plain_text_passwd',
  'passphrase',
  'SLACK_SIGNING_SECRET',
  'pull_secret',
  'SLACK_BOT_TOKEN',
  'activationkey',
  'activation_key',
  'api_key',
  'vault_password',
)
const pem = fc
  .tuple(
    fc.constantFrom('RSA PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'PRIVATE KEY', 'PGP PRIVATE KEY BLOCK'),
    alphabet(`${alphanumeric}+/`, 60, 200),
  )
  .map(([kind, body]) => ({ kind, body, lines: body.replace(/.{64}/g, '$&\n') }))

/** Each shape: a text that holds a secret, and the secret. */
const planted: Record<string, fc.Arbitrary<{ text: string; secret: string }>> = {
  'a Slack token': fc
    .tuple(fc.constantFrom('xoxb', 'xoxp', 'xoxe.xoxp', 'xapp', 'xoxr'), word, word)
    .map(([kind, a, b]) => ({ text: `got ${kind}-1-${a}-${b}.`, secret: `${a}-${b}` })),
  'a token glued to a word': word.map((w) => ({ text: `tokenxoxb-${w}`, secret: w })),
  'a private key': pem.map(({ kind, lines, body }) => ({
    text: `before\n-----BEGIN ${kind}-----\n${lines}\n-----END ${kind}-----\nafter`,
    secret: body.slice(-20),
  })),
  'a private key inside JSON': pem.map(({ kind, lines, body }) => ({
    text: JSON.stringify({ key: `-----BEGIN ${kind}-----\n${lines}\n-----END ${kind}-----\n` }),
    secret: body.slice(-20),
  })),
  'a private key that was cut': pem.map(({ kind, lines, body }) => ({
    text: `-----BEGIN ${kind}-----\n${lines}`,
    secret: body.slice(-20),
  })),
  'a URL with credentials': fc
    .tuple(alphabet(alphanumeric, 0, 8), alphabet(`${alphanumeric}!$@:;=~`, 12, 30))
    .map(([user, secret]) => ({ text: `cloning https://${user}:${secret}@git.example.com/x`, secret })),
  'a webhook': word.map((w) => ({ text: `https://hooks.slack.com/commands/T1/2/${w}`, secret: w })),
  'a Socket Mode address': word.map((w) => ({
    text: `wss://wss-primary.slack.com/link/?ticket=${w}&app_id=A1`,
    secret: w,
  })),
  'an Authorization header': word.map((w) => ({ text: `{"Authorization":"Bearer ${w}"}`, secret: w })),
  'name=value': fc.tuple(secretName, password).map(([n, p]) => ({ text: `run ${n}=${p} now`, secret: p })),
  'name: value': fc.tuple(secretName, password).map(([n, p]) => ({ text: `${n}: ${p}`, secret: p })),
  'a line of YAML with spaces in its value': fc
    .tuple(secretName, word, word)
    .map(([n, a, b]) => ({ text: `users:\n  - ${n}: ${a} ${b}\nnext: 1`, secret: b })),
  'a quoted value': fc
    .tuple(secretName, fc.constantFrom('"', "'"), word, word)
    .map(([n, q, a, b]) => ({ text: `${n}=${q}${a} ${b}${q} next`, secret: b })),
  JSON: fc
    .tuple(secretName, fc.string({ minLength: 12, maxLength: 30 }))
    .filter(([, p]) => p.trim().length > 10)
    .map(([n, p]) => ({ text: JSON.stringify({ [n]: p, next: 1 }), secret: JSON.stringify(p).slice(1, -1) })),
  'JSON inside JSON': fc.tuple(secretName, password).map(([n, p]) => ({
    text: JSON.stringify({ msg: `sent ${JSON.stringify({ [n]: p })} to x` }),
    secret: p,
  })),
  'a flag with its value': fc
    .tuple(password, fc.constantFrom('--password', '--rhn-password', '--token'))
    .map(([p, f]) => ({ text: `register ${f} ${p} --user x`, secret: p })),
  'argv as JSON': password.map((p) => ({ text: JSON.stringify(['register', '--password', p]), secret: p })),
}

describe('redaction', () => {
  it.each(Object.entries(planted))('removes %s, and has then nothing more to do', (_, shape) => {
    fc.assert(
      fc.property(shape, ({ text, secret }) => {
        const safe = redact(text)
        expect(safe).not.toContain(secret)
        expect(safe).toContain('[redacted]')
        expect(redact(safe)).toBe(safe)
      }),
    )
  })

  it.each(Object.entries(planted))('removes %s from a log line that stays one line of JSON', (_, shape) => {
    fc.assert(
      fc.property(shape, ({ text, secret }) => {
        const lines: string[] = []
        const log = createLog({ level: 'info', write: (line) => lines.push(line) })
        log.warn({ detail: text, err: new Error(text), list: [text] }, text)
        expect(lines).toHaveLength(1)
        expect(lines[0]).not.toContain(secret)
        expect(lines[0]?.endsWith('}\n')).toBe(true)
        expect(() => JSON.parse(lines[0] ?? '')).not.toThrow()
      }),
      { numRuns: 50 },
    )
  })

  it.each(Object.entries(planted))('removes %s from data that stays the same otherwise', (_, shape) => {
    fc.assert(
      fc.property(shape, ({ text, secret }) => {
        const safe = redactJson({ a: [text], n: 1, yes: true, none: null })
        expect(safe.a[0]).not.toContain(secret)
        expect(safe).toMatchObject({ n: 1, yes: true, none: null })
      }),
      { numRuns: 50 },
    )
  })

  it('does the same twice as once to any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab \n"\'\\:=,{}[]@/-', 'password', 'token', '[redacted]') }),
        (text) => {
          expect(redact(redact(text))).toBe(redact(text))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('removes what stands under a secret name in data, whatever it looks like', () => {
    expect(redactJson({ rhn_password: 'x', deep: [{ token: 12345 }], name: 'web1' })).toEqual({
      rhn_password: '[redacted]',
      deep: [{ token: '[redacted]' }],
      name: 'web1',
    })
  })

  it.each([
    'vm create web1 --image rockylinux9 --memory 4G --disk 20G,10G',
    'qemu+ssh://lab-user@kvm2.example.com:22/system',
    'lab-user@kvm2.example.com:22: Permission denied (publickey,password).',
    'SLACK_BOT_TOKEN_FILE=/run/secrets/slack',
    'SLACK_BOT_TOKEN is not set: it comes from the environment.',
    'http://127.0.0.1:8080/api/ answered 404 to bob@example.com',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJxkz7mYvKkq bob@laptop',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    '{"job":"j-7k2m9","steps":[{"name":"create","state":"done"}]}',
    'The basic authentication of tokens: 3 of them.',
  ])('leaves ordinary text as it is: %s', (text) => {
    expect(redact(text)).toBe(text)
  })

  it('takes time in proportion to the text', () => {
    const texts = [
      'a-',
      'password ',
      '"token":"',
      'x:',
      '://a:',
      '-----BEGIN PRIVATE KEY-----',
      'password\\":\\"',
      '--',
    ]
    for (const text of texts) {
      const started = performance.now()
      redact(text.repeat(Math.ceil(200_000 / text.length)))
      expect(performance.now() - started, text).toBeLessThan(2000)
    }
  })
})
