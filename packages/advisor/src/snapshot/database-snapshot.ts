/**
 * Everything the advisor knows of a database: no table rows, one versioned JSON file.
 *
 * Unknown is `null`. Arrays keep PostgreSQL's OID order: the planner breaks ties by it.
 */
export interface DatabaseSnapshot {
  readonly schemaVersion: 1;
  /** Milliseconds since the Unix epoch. */
  readonly capturedAtMs: number;
  /** `redacted`: values in statistics, literals and definitions were replaced; see `redactSnapshot`. */
  readonly values: "redacted" | "real";
  readonly server: ServerFacts;
  readonly database: DatabaseFacts;
  /** Settings whose value is not the default, role and database settings applied. */
  readonly settings: readonly Setting[];
  readonly extensions: readonly {
    readonly name: string;
    readonly version: string;
    readonly schema: string;
  }[];
  readonly schemas: readonly string[];
  /** Existing schemas that an unqualified name is looked up in, `pg_catalog` and temporary ones not counted. */
  readonly searchPath: readonly string[];
  /** `ALTER ROLE … SET` and `ALTER DATABASE … SET` of every role; those of the snapshot's own role are already in `settings`. */
  readonly roleSettings?: readonly RoleSetting[];
  /** Collations that a person made; columns, domains and indexes may name them. */
  readonly collations?: readonly UserCollation[];
  readonly types: readonly UserType[];
  readonly functions: readonly UserFunction[];
  readonly relations: readonly Relation[];
  readonly views: readonly ViewDefinition[];
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
  readonly columnStatistics: readonly ColumnStatistics[];
  readonly extendedStatistics: readonly ExtendedStatistics[];
  readonly workload: Workload;
  readonly visibility: Visibility;
}

export interface ServerFacts {
  /** `18.4 (Debian …)` as the server prints it. */
  readonly version: string;
  /** 180004 */
  readonly versionNumber: number;
  readonly isInRecovery: boolean;
  readonly blockSizeBytes: number;
  /** When the cumulative statistics of this database were last reset, ms since the epoch; how long "never used" was watched. */
  readonly statisticsResetAtMs: number | null;
  readonly startedAtMs: number | null;
}

export interface DatabaseFacts {
  readonly name: string;
  readonly encoding: string;
  /** `c` libc, `i` ICU, `b` builtin. */
  readonly collationProvider: "c" | "i" | "b";
  readonly collation: string;
  /**
   * The planner knows that text compares by bytes, so that LIKE can use a plain B-tree: C and POSIX, and every locale of
   * the builtin provider. Not `C.UTF-8` of libc: it compares by bytes too, but the planner does not know.
   */
  readonly isByteOrdered: boolean;
  readonly sizeBytes: number | null;
}

export interface Setting {
  readonly name: string;
  /** In the setting's base unit, as `pg_settings.setting` has it. */
  readonly value: string;
  readonly unit: string | null;
  readonly source: string;
}

export interface RoleSetting {
  /** `null`: every role. */
  readonly role: string | null;
  readonly isForThisDatabaseOnly: boolean;
  readonly name: string;
  readonly value: string;
}

export interface UserCollation {
  readonly schema: string;
  readonly name: string;
  readonly ddl: string;
}

/** An enum, domain, composite or range type, with the DDL that makes it again. */
export interface UserType {
  readonly schema: string;
  readonly name: string;
  readonly kind: "enum" | "domain" | "composite" | "range" | "base";
  /** `null` where it cannot be made again without its extension or its C code; the twin uses text for it. */
  readonly ddl: string | null;
  /** The extension that brings it; listed when a column uses it. */
  readonly extension?: string;
}

/** A function that an index, a generated column, a default or a domain uses. */
export interface UserFunction {
  readonly schema: string;
  readonly name: string;
  readonly identityArguments: string;
  readonly ddl: string;
  readonly language: string;
}

export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned" | "materialized-view" | "foreign-table";
  readonly columns: readonly Column[];
  /**
   * Physical pages now, and rows as the planner extrapolates them from the last analyze to that size.
   * -1 rows: never analysed (or only while empty), so that the planner guesses from the row's width.
   */
  readonly pages: number;
  readonly rows: number;
  readonly allVisiblePages: number;
  readonly allFrozenPages: number | null;
  /** `fillfactor=70`, … */
  readonly options: readonly string[];
  /** `RANGE (created_at)`, of a partitioned table. */
  readonly partitionKey: string | null;
  /** `FOR VALUES FROM … TO …`, of a partition. */
  readonly partitionBound: string | null;
  readonly parents: readonly { readonly schema: string; readonly name: string }[];
  readonly hasRowSecurity: boolean;
  readonly activity: TableActivity | null;
  readonly lastAnalyzedAtMs: number | null;
}

/** Since the last statistics reset. */
export interface TableActivity {
  readonly sequentialScans: number;
  readonly sequentialRowsRead: number;
  readonly indexScans: number;
  readonly inserts: number;
  readonly updates: number;
  readonly hotUpdates: number;
  readonly deletes: number;
  readonly rowsLive: number;
  readonly rowsDead: number;
}

export interface Column {
  readonly number: number;
  readonly name: string;
  /** As `format_type` prints it, schema-qualified where needed: `character varying(20)`. */
  readonly type: string;
  readonly isNotNull: boolean;
  /** Only where it is not the type's own: `"C"`, `pg_catalog."en-US-x-icu"`. */
  readonly collation: string | null;
  readonly default: string | null;
  readonly generated: "stored" | "virtual" | null;
  readonly statisticsTarget: number | null;
  /** `n_distinct=…` attribute options. */
  readonly options: readonly string[];
  /** Whether the role that took the snapshot sees this column's statistics. */
  readonly hasVisibleStatistics: boolean;
}

export interface ViewDefinition {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `CREATE VIEW … AS …` */
  readonly ddl: string;
}

export interface Constraint {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly kind: "primary-key" | "unique" | "foreign-key" | "check" | "exclusion" | "not-null";
  /** `pg_get_constraintdef` */
  readonly definition: string;
  readonly columns: readonly string[];
  readonly references: {
    readonly schema: string;
    readonly table: string;
    readonly columns: readonly string[];
  } | null;
  readonly index: string | null;
  readonly isValidated: boolean;
}

export interface Index {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  /** `pg_get_indexdef`: `CREATE INDEX … ON … USING btree (…)` */
  readonly definition: string;
  readonly method: string;
  readonly keys: readonly ExistingIndexKey[];
  readonly include: readonly string[];
  readonly predicate: string | null;
  readonly isUnique: boolean;
  readonly isPrimaryKey: boolean;
  readonly isExclusion: boolean;
  /** Backs a constraint, is a foreign key's target, or is the replica identity: never to be dropped or hidden. */
  readonly isConstraint: boolean;
  readonly isReplicaIdentity: boolean;
  readonly isForeignKeyTarget: boolean;
  readonly isClustered: boolean;
  readonly isValid: boolean;
  readonly isReady: boolean;
  readonly nullsNotDistinct: boolean;
  readonly options: readonly string[];
  readonly pages: number;
  readonly rows: number;
  /** Scans since the statistics reset; `null` where statistics are hidden. */
  readonly scans: number | null;
  readonly lastScanAtMs: number | null;
  readonly parent: { readonly schema: string; readonly name: string } | null;
}

export interface ExistingIndexKey {
  /** `null`: an expression. */
  readonly column: string | null;
  /** As `pg_get_indexdef(oid, n, true)` prints it. */
  readonly expression: string;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last";
  /** Schema-qualified where needed; `null`: the default of the type. */
  readonly opclass: string | null;
  readonly collation: string | null;
}

/** One row of `pg_stats`. Value arrays are PostgreSQL array literals, as text. */
export interface ColumnStatistics {
  readonly schema: string;
  /** A table, or an index for the statistics of its expressions. */
  readonly relation: string;
  readonly column: string;
  /** Column number; what identifies an index expression. */
  readonly number: number;
  readonly inherited: boolean;
  readonly nullFraction: number;
  readonly averageWidthBytes: number;
  readonly distinct: number;
  readonly mostCommonValues: string | null;
  readonly mostCommonFrequencies: readonly number[] | null;
  readonly histogramBounds: string | null;
  readonly correlation: number | null;
  readonly mostCommonElements: string | null;
  readonly mostCommonElementFrequencies: readonly number[] | null;
  readonly elementCountHistogram: readonly number[] | null;
  readonly rangeLengthHistogram: string | null;
  readonly rangeEmptyFraction: number | null;
  readonly rangeBoundsHistogram: string | null;
}

export interface ExtendedStatistics {
  readonly schema: string;
  readonly name: string;
  readonly tableSchema: string;
  readonly table: string;
  /** `pg_get_statisticsobjdef` */
  readonly ddl: string;
  readonly inherited: boolean;
  /** As `pg_stats_ext` prints them; `null` where hidden or not collected. */
  readonly ndistinct: string | null;
  readonly dependencies: string | null;
}

export interface Workload {
  readonly source: "pg_stat_statements" | "file" | "none";
  /** Why there is none, and what would give one. */
  readonly note: string | null;
  readonly queries: readonly WorkloadQuery[];
  /** Statements that no query was made of. */
  readonly skipped?: readonly SkippedStatement[];
}

/** A statement of the workload that cannot be advised on. */
export interface SkippedStatement {
  /** 1-based, in the workload file; `null` for pg_stat_statements. */
  readonly line: number | null;
  /** The statement's beginning, shortened; redacted with the rest of the snapshot. */
  readonly text: string;
  readonly reason: string;
}

export interface WorkloadQuery {
  /** Stable over runs: the fingerprint of the parsed statement, 16 hex digits. */
  readonly id: string;
  /** As it was recorded; `$n` where pg_stat_statements replaced a constant. */
  readonly text: string;
  readonly calls: number;
  readonly totalMs: number | null;
  readonly meanMs: number | null;
  readonly rows: number | null;
}

/** What the role could not see, and the least that would show it. */
export interface Visibility {
  readonly role: string;
  readonly isSuperuser: boolean;
  readonly hidden: readonly HiddenFact[];
}

export interface HiddenFact {
  readonly what:
    | "column-statistics"
    | "row-security"
    | "workload-text"
    | "workload"
    | "extended-statistics"
    | "settings"
    | "sizes"
    | "activity"
    | "locked"
    | "definitions";
  /** `public.orders`, or `null` for the whole database. */
  readonly object: string | null;
  /** One sentence for a person. */
  readonly reason: string;
  /** The exact statement that would show it; `null` where none would. */
  readonly grant: string | null;
}
