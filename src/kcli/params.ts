/** What may be said to kcli: an allow-list of typed keys. kcli ignores unknown keys in silence and runs others as code. */
import { z } from 'zod'

/** Values end up in XML unescaped inside kcli, and names in a shell (kcli's genisoimage call): so neither gets through. */
const safeText = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^<>&\p{Cc}]+$/u, 'must not contain <, > or & or control characters')
const plainName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/)
  .max(128)

/** A DNS label. kcli itself only refuses a slash and puts the rest into a shell command. */
export const kcliVmName = z
  .string()
  .max(63)
  .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/)

export const createParams = z.strictObject({
  /** MiB. */
  memory: z.int().min(1),
  numcpus: z.int().min(1),
  /** GiB each; kcli takes whole numbers. */
  disks: z.array(z.strictObject({ size: z.int().min(1) })).min(1),
  nets: z.array(z.strictObject({ name: plainName })),
  pool: plainName,
  owner: safeText.optional(),
  keys: z.array(safeText.max(8192)).optional(),
  start: z.boolean(),
  virttype: z.enum(['kvm', 'qemu']),
})

/** Parameters of `kcli create vm`, by kcli's own names. */
export type CreateParams = z.infer<typeof createParams>
