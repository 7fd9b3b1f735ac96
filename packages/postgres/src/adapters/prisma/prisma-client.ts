import { InvalidArgumentError } from "@upshift/foundation";

/** What is used of a Prisma client, or of the one inside of `$transaction`; no import of the library is needed. */
export interface PrismaLike {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>;
  $executeRawUnsafe(text: string, ...values: unknown[]): PromiseLike<number>;
}

/** A client that is not inside of a transaction. */
export interface PrismaRoot extends PrismaLike {
  $connect(): PromiseLike<void>;
  $transaction<T>(
    body: (client: PrismaLike) => Promise<T>,
    options?: { readonly timeout?: number },
  ): PromiseLike<T>;
}

/** Inside of a transaction there is nothing to connect. */
export function isRoot(client: PrismaLike): client is PrismaRoot {
  return "$connect" in client && typeof client.$connect === "function";
}

/** What Prisma's client knows of its schema at run time. */
interface RuntimeSchema {
  readonly models: Readonly<Record<string, RuntimeModel>>;
  /** The text of the schema, where the client has it. */
  readonly text: string;
}

interface RuntimeModel {
  readonly dbName?: string | null;
  readonly schema?: string | null;
  readonly fields: readonly RuntimeField[];
}

export interface RuntimeField {
  readonly name: string;
  readonly kind: "scalar" | "enum" | "object" | "unsupported";
  readonly type: string;
  readonly dbName?: string | null;
}

/** The model that a method was called on, and the client that it belongs to: the transaction's inside of one. */
export interface ModelContext {
  readonly client: PrismaLike;
  /** The client outside of any transaction, without extensions. */
  readonly root: PrismaLike;
  readonly model: string;
  readonly schema: RuntimeSchema;
}

/**
 * @param self - `this` of a method that an extension gave to a model
 * @throws {InvalidArgumentError} when it is called without its model, or Prisma's client is not of version 7
 */
export function contextOf(self: unknown): ModelContext {
  const client = property(self, "$parent");
  const model = property(self, "$name");
  const models = property(property(client, "_runtimeDataModel"), "models");
  if (typeof model !== "string" || !isClient(client) || !isModels(models)) {
    throw new InvalidArgumentError(
      "a method of a model, called on it: prisma.user.findPage(…), with the client of Prisma 7",
      typeof self,
    );
  }
  const text = property(property(client, "_engineConfig"), "inlineSchema");
  const original = property(client, "_originalClient");
  const root = isClient(original) ? original : client;
  return { client, root, model, schema: { models, text: typeof text === "string" ? text : "" } };
}

function property(value: unknown, name: string): unknown {
  const canHave = (typeof value === "object" && value !== null) || typeof value === "function";
  return canHave ? Reflect.get(value, name) : undefined;
}

function isClient(value: unknown): value is PrismaLike {
  return typeof property(value, "$queryRawUnsafe") === "function";
}

function isModels(value: unknown): value is RuntimeSchema["models"] {
  return typeof value === "object" && value !== null;
}
