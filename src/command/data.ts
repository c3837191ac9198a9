/** Results of steps are journalled as JSON; interfaces do not tell the compiler that they are. */

type Plain = string | number | boolean | null | undefined

/** The same shape, written so that the compiler sees it is JSON. Functions, dates and classes are not. */
export type Data<T> = T extends Plain
  ? T
  : T extends (...args: never[]) => unknown
    ? never
    : { [K in keyof T]: Data<T[K]> }

export function asData<T>(value: T): Data<T> {
  return value as Data<T>
}
