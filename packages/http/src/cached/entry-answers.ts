import type { IncomingHttpHeaders } from "node:http";
import type { CompressionSettings } from "../coding/compression-settings.ts";
import { type AcceptedCodings, parseAcceptEncoding } from "../negotiation/accept-encoding.ts";
import { evaluatePreconditions, type Verdict } from "../validation/preconditions.ts";
import type { Answer } from "./answer.ts";
import type { StoredResponse } from "./stored-response.ts";
import { type Variant, Variants } from "./variants.ts";

/** Clients send few different ones. */
const MOST_ACCEPTED = 200;

const FAILED: Answer = { status: 412, fields: ["content-length", "0"], body: undefined };

/** How the entries of a route are sent. */
export interface EntryRules {
  readonly isWeak: boolean;
  readonly isPrivate: boolean;
  /** Overrules what the handler has set. */
  readonly cacheControl: string | undefined;
  /** Request fields in the key. */
  readonly vary: readonly string[];
  readonly compression: CompressionSettings | undefined;
}

/** Answers from entries: in the coding that the client likes, or with 304 or 412. */
export class EntryAnswers {
  readonly #rules: EntryRules;
  readonly #variants = new WeakMap<StoredResponse, Variants>();
  readonly #accepted = new Map<string, AcceptedCodings>();

  constructor(rules: EntryRules) {
    this.#rules = rules;
  }

  /** @returns a promise only while a large body is being compressed for the first time */
  of(
    variants: Variants,
    method: string | undefined,
    headers: IncomingHttpHeaders,
  ): Answer | Promise<Answer> {
    const accepted = this.#acceptedOf(headers["accept-encoding"]);
    const coding = variants.choose(accepted);
    if (coding === undefined) return variants.notAcceptable;
    const ready = variants.of(coding);
    return ready instanceof Promise
      ? ready.then((variant) => this.#choose(variant, variants, method, headers, accepted))
      : this.#choose(ready, variants, method, headers, accepted);
  }

  #choose(
    variant: Variant,
    variants: Variants,
    method: string | undefined,
    headers: IncomingHttpHeaders,
    accepted: AcceptedCodings | undefined,
  ): Answer | Promise<Answer> {
    const noneMatch = headers["if-none-match"];
    if (noneMatch !== undefined && noneMatch === variant.tag && !isForWrites(headers))
      return variant.notModified;
    if (isConditional(headers) && variants.status < 300 && variants.status !== 204) {
      const verdict = this.#verdict(variant, variants, method, headers, accepted);
      if (verdict.outcome === "failed") return FAILED;
      if (verdict.outcome === "not-modified") {
        const same = variants.of(verdict.coding);
        return same instanceof Promise
          ? same.then(({ notModified }) => notModified)
          : same.notModified;
      }
    }
    return method === "HEAD" ? variant.head : variant.whole;
  }

  #verdict(
    { coding }: Variant,
    { tag, lastModifiedMs }: Variants,
    method: string | undefined,
    headers: IncomingHttpHeaders,
    accepted: AcceptedCodings | undefined,
  ): Verdict {
    const request = {
      method: method ?? "GET",
      url: "/",
      header: (name: string) => lineOf(headers[name]),
    };
    return evaluatePreconditions(request, { exists: true, tag, lastModifiedMs }, accepted, coding);
  }

  variantsOf(stored: StoredResponse): Variants {
    const known = this.#variants.get(stored);
    if (known !== undefined) return known;
    const { isWeak, isPrivate, cacheControl, vary, compression } = this.#rules;
    const chosen = cacheControl ?? stored.cacheControl ?? "no-cache";
    const made = new Variants(stored, {
      isWeak,
      cacheControl: isPrivate && !/(?:^|[,\s])private/i.test(chosen) ? privateOf(chosen) : chosen,
      vary: vary.length === 0 ? undefined : vary.join(", "),
      compression,
    });
    this.#variants.set(stored, made);
    return made;
  }

  #acceptedOf(header: string | string[] | undefined): AcceptedCodings | undefined {
    if (header === undefined) return undefined;
    const line = typeof header === "string" ? header : header.join(", ");
    const known = this.#accepted.get(line);
    if (known !== undefined) return known;
    const accepted = parseAcceptEncoding(line);
    if (this.#accepted.size >= MOST_ACCEPTED) this.#accepted.clear();
    this.#accepted.set(line, accepted);
    return accepted;
  }
}

const isForWrites = (headers: IncomingHttpHeaders): boolean =>
  headers["if-match"] !== undefined || headers["if-unmodified-since"] !== undefined;

const isConditional = (headers: IncomingHttpHeaders): boolean =>
  headers["if-none-match"] !== undefined ||
  headers["if-modified-since"] !== undefined ||
  isForWrites(headers);

const lineOf = (value: string | string[] | undefined): string | undefined =>
  typeof value === "object" ? value.join(", ") : value;

/** Nothing that lets shared caches keep it. */
function privateOf(cacheControl: string): string {
  const rest = cacheControl
    .split(",")
    .map((directive) => directive.trim())
    .filter((directive) => !/^(?:public|s-maxage|proxy-revalidate)/i.test(directive));
  return ["private", ...rest].join(", ");
}
