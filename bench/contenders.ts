/**
 * The contestants, each set up the fastest way it documents: its in-process tier alone, the same bound and lifetime,
 * values by reference (no cloning, no serialising) where that can be chosen. Peers take plain strings: they are given
 * the wire keys, made beforehand; ours is given the data ids, made beforehand.
 */

import { createCache as createDedupe } from "async-cache-dedupe";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { createCache as createManager } from "cache-manager";
import { Cacheable, CacheableMemory, createKeyv } from "cacheable";
import { Loader } from "layered-loader";
import { LRUCache } from "lru-cache";
import type { DataId } from "../src/core/data-id.js";
import type { ContextCache } from "../src/core/invocation/context-cache.js";
import { awaitAll, type Contender, hitAll, load, SPARE_ENTRIES, TTL_MS } from "./contender.js";
import { invoke, settledEnvironment } from "./environment.js";
import { type User, userById, userOf } from "./keys.js";
import { PageStream } from "./page-stream.js";

const wireKey = (id: DataId<User>) => id.toString();
const newWireKey = (id: string) => `id=${id}&s=db.users.id&t=data.ID`;

function ours(): Contender<DataId<User>> {
  let cache: ContextCache;
  return {
    keyOf: (id) => id,
    newKey: userById,
    async fill(ids) {
      const environment = settledEnvironment(new PageStream(), ids.length + SPARE_ENTRIES);
      await invoke(environment, (filling) => {
        for (const id of ids) filling.add(id, userOf(id.id));
      });
      const invocation = environment.begin({ remainingMs: () => 300_000 });
      await invocation.catchUp();
      cache = invocation.cache;
    },
    get: (ids) => hitAll(ids, (id) => cache.get(id)),
    getOrAdd: (ids) => awaitAll(ids, (id) => cache.getOrAdd(id, () => load(id.id))),
    shared: (id) => cache.getOrAdd(id, () => load(id.id)),
  };
}

function lruCache(options: { ttl?: number } = {}): Contender<string> {
  let cache: LRUCache<string, User>;
  return {
    keyOf: wireKey,
    newKey: newWireKey,
    async fill(ids) {
      cache = new LRUCache<string, User>({ max: ids.length + SPARE_ENTRIES, fetchMethod: load, ...options });
      for (const id of ids) cache.set(id.toString(), userOf(id.id));
    },
    get: (keys) => hitAll(keys, (key) => cache.get(key)),
    getOrAdd: (keys) => awaitAll(keys, (key) => cache.fetch(key)),
    shared: (key) => cache.fetch(key),
  };
}

function bentocache(): Contender<string> {
  let cache: BentoCache<{ memory: ReturnType<typeof bentostore> }>;
  return {
    keyOf: wireKey,
    newKey: newWireKey,
    async fill(ids) {
      const driver = memoryDriver({ maxItems: ids.length + SPARE_ENTRIES, serialize: false });
      cache = new BentoCache({ default: "memory", ttl: TTL_MS, stores: { memory: bentostore().useL1Layer(driver) } });
      for (const id of ids) await cache.set({ key: id.toString(), value: userOf(id.id) });
    },
    get: (keys) => awaitAll(keys, (key) => cache.get({ key })),
    getOrAdd: (keys) => awaitAll(keys, (key) => cache.getOrSet({ key, factory: () => load(key) })),
    shared: (key) => cache.getOrSet({ key, factory: () => load(key) }),
  };
}

function layeredLoader(): Contender<string> {
  let cache: Loader<User>;
  return {
    keyOf: wireKey,
    newKey: newWireKey,
    async fill(ids) {
      cache = new Loader<User>({
        inMemoryCache: { cacheType: "lru-map", ttlInMsecs: TTL_MS, maxItems: ids.length + SPARE_ENTRIES },
        dataSources: [{ name: "source", get: load, getMany: async () => [] }],
      });
      for (const id of ids) await cache.get(id.toString());
    },
    get: (keys) => hitAll(keys, (key) => cache.getInMemoryOnly(key)),
    getOrAdd: (keys) => awaitAll(keys, (key) => cache.get(key)),
    shared: (key) => cache.get(key),
  };
}

function cacheable(): Contender<string> {
  let memory: CacheableMemory;
  let cache: Cacheable;
  return {
    keyOf: wireKey,
    newKey: newWireKey,
    async fill(ids) {
      const options = { ttl: TTL_MS, useClone: false, lruSize: ids.length + SPARE_ENTRIES };
      memory = new CacheableMemory(options);
      cache = new Cacheable({ primary: createKeyv(options), ttl: TTL_MS });
      for (const id of ids) {
        memory.set(id.toString(), userOf(id.id));
        await cache.set(id.toString(), userOf(id.id));
      }
    },
    get: (keys) => hitAll(keys, (key) => memory.get(key)),
    getOrAdd: (keys) => awaitAll(keys, (key) => cache.getOrSet(key, () => load(key))),
    shared: (key) => cache.getOrSet(key, () => load(key)),
  };
}

function asyncCacheDedupe(): Contender<string> {
  const create = (size: number) =>
    createDedupe({ ttl: TTL_MS / 1_000, storage: { type: "memory", options: { size } } }).define("user", load);
  let cache: ReturnType<typeof create>;
  return {
    keyOf: wireKey,
    newKey: newWireKey,
    async fill(ids) {
      cache = create(2 * ids.length + SPARE_ENTRIES);
      for (const id of ids) {
        await cache.user(id.toString());
        await cache.set("user", id.toString(), userOf(id.id), TTL_MS / 1_000);
      }
    },
    get: (keys) => awaitAll(keys, (key) => cache.get("user", key)),
    getOrAdd: (keys) => awaitAll(keys, (key) => cache.user(key)),
    shared: (key) => cache.user(key),
  };
}

function cacheManager(): Contender<string> {
  let cache: ReturnType<typeof createManager>;
  return {
    keyOf: wireKey,
    newKey: newWireKey,
    async fill(ids) {
      const store = createKeyv({ ttl: TTL_MS, useClone: false, lruSize: ids.length + SPARE_ENTRIES });
      cache = createManager({ stores: [store], ttl: TTL_MS });
      for (const id of ids) await cache.set(id.toString(), userOf(id.id));
    },
    get: (keys) => awaitAll(keys, (key) => cache.get(key)),
    getOrAdd: (keys) => awaitAll(keys, (key) => cache.wrap(key, () => load(key))),
    shared: (key) => cache.wrap(key, () => load(key)),
  };
}

export const contenders = {
  ours,
  "lru-cache": () => lruCache(),
  "lru-cache with ttl": () => lruCache({ ttl: TTL_MS }),
  bentocache,
  "layered-loader": layeredLoader,
  cacheable,
  "async-cache-dedupe": asyncCacheDedupe,
  "cache-manager": cacheManager,
} satisfies Record<string, () => Contender<string> | Contender<DataId<User>>>;

export type ContenderName = keyof typeof contenders;
