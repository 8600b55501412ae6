import { constants, createGunzip } from 'node:zlib'

/**
 * Unpacks gzip bytes as they come. Where they break off with an error, all that came before is given first, as the reason may
 * stand in it; a pipeline of streams would drop it.
 */
export async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  let failed: { error: unknown } | null = null
  let resume = () => {}
  gunzip.on('drain', () => resume()).on('close', () => resume())
  const feed = async () => {
    try {
      for await (const chunk of chunks) {
        if (gunzip.destroyed) return
        if (gunzip.write(chunk)) continue
        await new Promise<void>((resolve) => {
          resume = resolve
        })
      }
    } catch (error) {
      failed = { error }
    }
    gunzip.end()
  }
  const fed = feed()
  // A reader that breaks off destroys it, which ends the feed.
  for await (const bytes of gunzip) yield bytes
  await fed
  if (failed !== null) throw (failed as { error: unknown }).error
}
