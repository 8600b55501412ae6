/**
 * What "now" means. `wall`: the machine's clock; rows expire and are pruned. `history`: past data is replayed, so nothing
 * is pruned and nothing expires, and "now" is the newest event time that was seen (L9).
 */
export type ClockMode = 'wall' | 'history'
