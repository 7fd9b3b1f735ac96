import { createTestDatabase, type TestDatabase } from "@upshift/services";

/**
 * A table `row` that refuses what is older than it has, and `history` of every write that it took.
 *
 * The trigger is that of docs/patterns/write-behind.md.
 */
export async function createRows(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.query(`CREATE TABLE row (id text PRIMARY KEY, a int, b int, sequence bigint NOT NULL);
CREATE FUNCTION keep_newest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.sequence <= OLD.sequence THEN RETURN NULL; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_newest BEFORE UPDATE ON row FOR EACH ROW EXECUTE FUNCTION keep_newest();
CREATE TABLE history (at bigserial PRIMARY KEY, id text, a int, b int, sequence bigint);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO history (id, a, b, sequence) VALUES (NEW.id, NEW.a, NEW.b, NEW.sequence);
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON row FOR EACH ROW EXECUTE FUNCTION note();`);
  return database;
}

/** Writes that took a field of a row back to what it was before. */
export async function stepsBack(database: TestDatabase): Promise<number> {
  const [counted] = await database.query(
    `SELECT count(*)::int AS count FROM (
       SELECT a < lag(a) OVER w OR b < lag(b) OVER w OR sequence <= lag(sequence) OVER w AS back
       FROM history WINDOW w AS (PARTITION BY id ORDER BY at)
     ) AS step WHERE back`,
  );
  return Number(counted?.["count"]);
}
