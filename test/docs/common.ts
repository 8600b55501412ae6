/** The definitions that snippets of the pages may name without saying where they are from: those of README.md, in files. */
export * from '../../feature-defs/card-velocity.ts'
export * from '../../feature-defs/checkout-risk.ts'
export * from '../../feature-defs/entities.ts'
export * from '../../feature-defs/merchant-risk.ts'
export * from '../../feature-defs/payments.ts'
