import { expect, test } from "vitest";
import { readSchemaText } from "./schema-text.ts";

test("the names of enum values and the fields that carry the time of a write", () => {
  const { enumValues, updatedAt } = readSchemaText(`
datasource db {
  provider = "postgresql"
}
// enum Gone { A @map("x") }
enum Role {
  ADMIN  @map("ad\\"min // not a comment }")
  MEMBER // @map("no")
  GUEST @map(name: "guest")
  @@map("user_role")
}
model User {
  id   Int @id /// @updatedAt
  note String @default("@updatedAt")
  changed DateTime @default(now()) @map("at") @updatedAt @db.Timestamptz(3)
  @@map("users")
}
  enum Plain {
    A
  }
`);
  expect([...enumValues].map(([name, values]) => [name, [...values]])).toEqual([
    [
      "Role",
      [
        ["ADMIN", 'ad"min // not a comment }'],
        ["GUEST", "guest"],
      ],
    ],
  ]);
  expect([...updatedAt].map(([name, fields]) => [name, [...fields]])).toEqual([
    ["User", ["changed"]],
  ]);
});
