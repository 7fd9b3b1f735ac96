import * as fc from "fast-check";

/** Conditions over the scalar fields of the fixture's users, as `findMany` takes them. */
// oxlint-disable-next-line typescript/no-explicit-any -- generated: its types are not there when this file is compiled
export function prismaWhere(Prisma: any): fc.Arbitrary<object> {
  const number = fc.constantFrom(0, 1, 5, 7);
  const text = fc.constantFrom("Ada", "ada", "Bob", "b", "", "a'; --");
  const date = fc.constantFrom(new Date(Date.UTC(2024, 0, 1)), new Date(Date.UTC(2024, 0, 2)));
  const textual = fc.oneof(
    comparable(text, true),
    fc.record(
      {
        contains: text,
        startsWith: text,
        endsWith: text,
        mode: fc.constantFrom("default", "insensitive"),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        equals: text,
        in: fc.array(text, { maxLength: 2 }),
        notIn: fc.array(text),
        not: text,
        gt: text,
        mode: fc.constant("insensitive"),
      },
      { requiredKeys: ["mode"] },
    ),
  );
  const role = fc.constantFrom("ADMIN", "MEMBER", "GUEST");
  const enumFilter = fc.oneof(
    role,
    fc.record(
      {
        in: fc.array(role, { maxLength: 2 }),
        not: role,
        notIn: fc.array(role, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  );
  const decimal = fc.constantFrom("1.1", "2.00").map((value) => new Prisma.Decimal(value));
  const leaf = fc.oneof(
    fc.record({ score: comparable(number, true) }),
    fc.record({ fullName: textual }),
    fc.record({ role: enumFilter }),
    fc.record({ roles: list(role) }),
    fc.record({ tags: list(fc.constantFrom("a", "b,c", "z")) }),
    fc.record({ bigs: list(fc.constantFrom(1n, 9007199254740993n)) }),
    fc.record({ balance: comparable(decimal, true) }),
    fc.record({ createdAt: comparable(date, false) }),
    fc.record({ bornOn: comparable(date, true) }),
    fc.record({ isActive: fc.oneof(fc.boolean(), fc.record({ not: fc.boolean() })) }),
    fc.record({ token: fc.record({ not: fc.constant(null) }) }),
    fc.record({
      meta: fc.record({ equals: fc.constantFrom(Prisma.DbNull, Prisma.JsonNull, { a: 1 }) }),
    }),
    fc.record({
      score: fc.constant(undefined),
      email: fc.record({ contains: fc.constant("1") }),
    }),
  );
  const { where } = fc.letrec<{ where: object }>((tie) => ({
    where: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      leaf,
      fc.record({ AND: fc.array(tie("where"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ OR: fc.array(tie("where"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ NOT: tie("where") }),
      fc.record({ NOT: fc.array(tie("where"), { minLength: 1, maxLength: 2 }) }),
      fc.tuple(leaf, leaf).map(([a, b]) => Object.assign({}, a, b)),
    ),
  }));
  // Prisma itself takes a choice of nothing for false in one place and for no condition in another.
  return where.filter((each) => !hasBlankChoice(each));
}

const comparable = <T>(value: fc.Arbitrary<T>, isNullable: boolean) =>
  fc.oneof(
    isNullable ? fc.oneof(value, fc.constant(null)) : value,
    fc.record(
      {
        equals: value,
        not: value,
        in: fc.array(value, { maxLength: 3 }),
        notIn: fc.array(value, { maxLength: 3 }),
        lt: value,
        lte: value,
        gt: value,
        gte: value,
      },
      { requiredKeys: [] },
    ),
    fc.record({ not: fc.record({ gt: value, equals: value }, { requiredKeys: [] }) }),
  );

const list = <T>(item: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.record({ has: item }),
    fc.record({ hasEvery: fc.array(item, { maxLength: 2 }) }),
    fc.record({ hasSome: fc.array(item, { maxLength: 2 }) }),
    fc.record({ isEmpty: fc.boolean() }),
    fc.record({ equals: fc.array(item, { maxLength: 2 }) }),
  );

/** No condition at all, as Prisma sees it. */
function isBlank(where: object): boolean {
  return Object.entries(where).every(([name, filter]: [string, unknown]) => {
    if (name === "AND" || name === "NOT")
      return [filter].flat().every((part) => isBlank(part as object));
    if (typeof filter !== "object" || filter === null)
      return filter === undefined || name === "mode";
    return Object.getPrototypeOf(filter) === Object.prototype && name !== "OR" && isBlank(filter);
  });
}

function hasBlankChoice(where: object): boolean {
  return Object.entries(where).some(([name, filter]: [string, unknown]) => {
    if (!["AND", "OR", "NOT"].includes(name)) return false;
    const parts = [filter].flat() as object[];
    return (name === "OR" && parts.some(isBlank)) || parts.some(hasBlankChoice);
  });
}
