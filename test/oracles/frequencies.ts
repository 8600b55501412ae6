import { ascending } from './aggregate-oracle.ts'

type Scalar = string | number | boolean

/** The different values and how often each occurs: most often first, ties by value ascending. */
export function frequencies(values: readonly Scalar[]): { value: Scalar; times: number }[] {
  const different = [...new Set(values)]
  const counted = different.map((value) => ({ value, times: values.filter((other) => other === value).length }))
  return counted.sort((a, b) => b.times - a.times || ascending(a.value, b.value))
}
