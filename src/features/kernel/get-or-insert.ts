/**
 * The value of a map or cache under a key. When there is none, it is made and kept.
 *
 * @param make makes the value
 */
export function getOrInsert<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: NoInfer<V>): unknown },
  key: K,
  make: () => V,
): V {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
