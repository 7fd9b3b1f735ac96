/** `{"2, 3": 200}` of pg_stats_ext -> attribute numbers and their distinct combinations. */
export interface DistinctItem {
  readonly attributes: readonly number[];
  readonly distinct: number;
}

/** `{"2, 3 => 5": 0.9}` -> the last attribute follows from the others to this degree. */
export interface DependencyItem {
  readonly attributes: readonly number[];
  readonly degree: number;
}

const ITEM = /"(?<attributes>[-\d, =>]+)":\s*(?<value>[\d.eE+-]+)/gu;

/** STATS_NDISTINCT_MAGIC, STATS_DEPS_MAGIC. Source: PostgreSQL 18, src/include/statistics/statistics.h */
const NDISTINCT_MAGIC = 0xa352bfa4;
const DEPENDENCIES_MAGIC = 0xb4549a2c;
const BASIC_TYPE = 1;

export function parseDistinctItems(text: string): DistinctItem[] {
  return [...text.matchAll(ITEM)].map(({ groups }) => ({
    attributes: numbers(groups?.["attributes"] ?? ""),
    distinct: Number(groups?.["value"]),
  }));
}

export function parseDependencyItems(text: string): DependencyItem[] {
  return [...text.matchAll(ITEM)].map(({ groups }) => ({
    attributes: numbers(groups?.["attributes"] ?? ""),
    degree: Number(groups?.["value"]),
  }));
}

/** Content of a `pg_ndistinct` value. Source: src/backend/statistics/mvdistinct.c, statext_ndistinct_serialize */
export function serializeDistinct(items: readonly DistinctItem[]): Buffer {
  return Buffer.concat([
    header(NDISTINCT_MAGIC, items.length),
    ...items.map(({ attributes, distinct }) => {
      const item = Buffer.alloc(12 + attributes.length * 2);
      item.writeDoubleLE(distinct, 0);
      item.writeInt32LE(attributes.length, 8);
      for (const [position, attribute] of attributes.entries()) {
        item.writeInt16LE(attribute, 12 + position * 2);
      }
      return item;
    }),
  ]);
}

/** Content of a `pg_dependencies` value. Source: src/backend/statistics/dependencies.c, statext_dependencies_serialize */
export function serializeDependencies(items: readonly DependencyItem[]): Buffer {
  return Buffer.concat([
    header(DEPENDENCIES_MAGIC, items.length),
    ...items.map(({ attributes, degree }) => {
      const item = Buffer.alloc(10 + attributes.length * 2);
      item.writeDoubleLE(degree, 0);
      item.writeInt16LE(attributes.length, 8);
      for (const [position, attribute] of attributes.entries()) {
        item.writeInt16LE(attribute, 10 + position * 2);
      }
      return item;
    }),
  ]);
}

function header(magic: number, items: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(BASIC_TYPE, 4);
  bytes.writeUInt32LE(items, 8);
  return bytes;
}

function numbers(text: string): number[] {
  return [...text.matchAll(/-?\d+/gu)].map((match) => Number(match[0]));
}
