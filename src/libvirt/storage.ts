/** Storage pools and volumes. */
import type { CallOptions, Connection } from './connection.js'
import type { Hole } from './data-stream.js'
import { StorageVolSparse } from './enums.js'
import { isNotFound } from './errors.js'
import { type PoolDescription, readPoolXml } from './pool-xml.js'
import { procedures } from './procedures/index.js'
import type { Pool, Volume } from './types.js'
import { readVolumeXml, type VolumeDescription } from './volume-xml.js'

/** virStoragePoolState. */
export const poolStates = ['inactive', 'building', 'running', 'degraded', 'inaccessible'] as const
export type PoolState = (typeof poolStates)[number]

export interface PoolListing extends PoolDescription {
  state: PoolState
  /** Bytes. */
  capacity: number
  allocation: number
  available: number
}

/** All pools, active or not. */
export async function listPools(connection: Connection, options?: CallOptions): Promise<PoolListing[]> {
  const { pools } = await connection.call(
    procedures.connectListAllStoragePools,
    { needResults: 1, flags: 0 },
    options,
  )
  return Promise.all(
    pools.map(async (pool) => {
      const [{ xml }, info] = await Promise.all([
        connection.call(procedures.storagePoolGetXmlDesc, { pool, flags: 0 }, options),
        connection.call(procedures.storagePoolGetInfo, { pool }, options),
      ])
      const { capacity, allocation, available } = info
      return {
        ...readPoolXml(xml),
        state: poolStates[info.state] ?? 'inactive',
        capacity,
        allocation,
        available,
      }
    }),
  )
}

async function findPool(connection: Connection, name: string, options?: CallOptions): Promise<Pool> {
  return (await connection.call(procedures.storagePoolLookupByName, { name }, options)).pool
}

/** Makes libvirt look at the pool's files again; it does not notice by itself what others put there. */
export async function refreshPool(
  connection: Connection,
  name: string,
  options?: CallOptions,
): Promise<void> {
  const pool = await findPool(connection, name, options)
  await connection.call(procedures.storagePoolRefresh, { pool, flags: 0 }, options)
}

/** All volumes of an active pool. A volume that vanished meanwhile is left out. */
export async function listVolumes(
  connection: Connection,
  poolName: string,
  options?: CallOptions,
): Promise<VolumeDescription[]> {
  const pool = await findPool(connection, poolName, options)
  const { vols } = await connection.call(
    procedures.storagePoolListAllVolumes,
    { pool, needResults: 1, flags: 0 },
    options,
  )
  const described = await Promise.all(vols.map((vol) => describe(connection, vol, options)))
  return described.filter((volume) => volume !== undefined)
}

async function describe(
  connection: Connection,
  vol: Volume,
  options?: CallOptions,
): Promise<VolumeDescription | undefined> {
  try {
    const { xml } = await connection.call(procedures.storageVolGetXmlDesc, { vol, flags: 0 }, options)
    return { ...readVolumeXml(xml), pool: vol.pool }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** The volume at an absolute path, when it lies in an active pool. */
export async function findVolumeByPath(
  connection: Connection,
  path: string,
  options?: CallOptions,
): Promise<VolumeDescription | undefined> {
  try {
    const { vol } = await connection.call(procedures.storageVolLookupByPath, { path }, options)
    return await describe(connection, vol, options)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Where a volume is: its pool, and its absolute path. */
export interface VolumePlace {
  pool: string
  path: string
}

/** The volume of that pool at that path. Unlike a look-up by path alone it asks no other pool, of which one may hang. */
export async function findVolume(
  connection: Connection,
  place: VolumePlace,
  options?: CallOptions,
): Promise<VolumeDescription | undefined> {
  const vol = await volumeAt(connection, place, options)
  return vol === undefined ? undefined : describe(connection, vol, options)
}

/** Deletes a volume; its data is gone. Resolves with whether it was there. */
export async function deleteVolume(
  connection: Connection,
  place: VolumePlace,
  options?: CallOptions,
): Promise<boolean> {
  const vol = await volumeAt(connection, place, options)
  if (vol === undefined) return false
  try {
    await connection.call(procedures.storageVolDelete, { vol, flags: 0 }, options)
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

/** Pools are flat: the last part of the path is the volume's name. */
async function volumeAt(
  connection: Connection,
  { pool: poolName, path }: VolumePlace,
  options?: CallOptions,
): Promise<Volume | undefined> {
  try {
    const pool = await findPool(connection, poolName, options)
    const name = path.slice(path.lastIndexOf('/') + 1)
    const { vol } = await connection.call(procedures.storageVolLookupByName, { pool, name }, options)
    const { name: found } = await connection.call(procedures.storageVolGetPath, { vol }, options)
    return found === path ? vol : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Makes a volume from XML and returns its path. */
export async function createVolume(
  connection: Connection,
  poolName: string,
  xml: string,
  options?: CallOptions,
): Promise<string> {
  const pool = await findPool(connection, poolName, options)
  const { vol } = await connection.call(procedures.storageVolCreateXml, { pool, xml, flags: 0 }, options)
  return (await connection.call(procedures.storageVolGetPath, { vol }, options)).name
}

export interface TransferOptions extends CallOptions {
  /** Holes of a sparse volume are told instead of sent. */
  sparse?: boolean
  /** Bytes so far, holes included; after each piece. */
  onProgress?(bytes: number): void
}

/** A volume's bytes, as they lie on disk. Leaving the loop early ends the transfer. */
export async function* downloadVolume(
  connection: Connection,
  path: string,
  options: TransferOptions = {},
): AsyncGenerator<Buffer> {
  for await (const piece of downloadPieces(connection, path, { ...options, sparse: false })) {
    if (Buffer.isBuffer(piece)) yield piece
  }
}

/** The same with holes, when `sparse` is set. */
export async function* downloadPieces(
  connection: Connection,
  path: string,
  options: TransferOptions = {},
): AsyncGenerator<Buffer | Hole> {
  const { sparse = false, onProgress, signal } = options
  const { vol } = await connection.call(procedures.storageVolLookupByPath, { path }, options)
  const args = { vol, offset: 0, length: 0, flags: sparse ? StorageVolSparse.SPARSE_STREAM : 0 }
  const { data } = await connection.stream(procedures.storageVolDownload, args, options)
  let bytes = 0
  for await (const piece of data.pieces()) {
    signal?.throwIfAborted()
    bytes += Buffer.isBuffer(piece) ? piece.length : piece.hole
    onProgress?.(bytes)
    yield piece
  }
}

/** Overwrites a volume from its start. Resolves when the daemon has confirmed all of it. Holes need `sparse`. */
export async function uploadVolume(
  connection: Connection,
  path: string,
  pieces: AsyncIterable<Uint8Array | Hole> | Iterable<Uint8Array | Hole>,
  options: TransferOptions = {},
): Promise<void> {
  const { sparse = false, onProgress, signal } = options
  const { vol } = await connection.call(procedures.storageVolLookupByPath, { path }, options)
  const args = { vol, offset: 0, length: 0, flags: sparse ? StorageVolSparse.SPARSE_STREAM : 0 }
  const { data } = await connection.stream(procedures.storageVolUpload, args, options)
  let bytes = 0
  try {
    for await (const piece of pieces) {
      signal?.throwIfAborted()
      if ('hole' in piece) await data.writeHole(piece.hole)
      else await data.write(piece)
      bytes += 'hole' in piece ? piece.hole : piece.length
      onProgress?.(bytes)
    }
    await data.finish()
  } catch (error) {
    data.abort()
    throw error
  }
}
