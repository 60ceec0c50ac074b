import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { formLabels, readIssueForm } from "../../src/github/issue-form.ts";
import { inEnglish } from "../../src/core/phrase.ts";

const folder = path.join(import.meta.dirname, "../../.github/onboarding/ISSUE_TEMPLATE");
const types = ["architecture", "create_app", "custom", "modify_app", "plan", "run", "workflow"];

const Id = z.string().regex(/^[A-Za-z0-9_-]+$/u);
const Words = z.string().trim().min(1);
const Said = { label: Words, description: Words.optional() };
const Validations = z.strictObject({ required: z.boolean().optional() }).optional();

/** GitHub's form schema, as far as we use it: what it does not know it refuses, and shows no form at all. */
const IssueForm = z.strictObject({
  name: Words.min(3),
  description: Words.min(3).max(200),
  labels: z.array(Words),
  body: z
    .array(
      z.discriminatedUnion("type", [
        z.strictObject({ type: z.literal("markdown"), attributes: z.strictObject({ value: Words }) }),
        z.strictObject({
          type: z.literal("textarea"),
          id: Id,
          attributes: z.strictObject({ ...Said, placeholder: Words.optional() }),
          validations: Validations,
        }),
        z.strictObject({
          type: z.literal("input"),
          id: Id,
          attributes: z.strictObject({ ...Said, placeholder: Words.optional() }),
          validations: Validations,
        }),
        z.strictObject({
          type: z.literal("dropdown"),
          id: Id,
          attributes: z.strictObject({
            ...Said,
            // "None" is GitHub's own word for no choice.
            options: z.array(Words.refine((option) => option.toLowerCase() !== "none")).min(1),
          }),
          validations: Validations,
        }),
      ]),
    )
    .min(1),
});

const forms = readdirSync(folder)
  .sort()
  .map((file) => {
    const form = IssueForm.parse(parse(readFileSync(path.join(folder, file), "utf8")));
    return { file, form, fields: form.body.flatMap((each) => (each.type === "markdown" ? [] : [each])) };
  });

test("each type of task has a form that sets its label", () => {
  expect(forms.map(({ file }) => file)).toEqual(types.map((type) => `phasegate-${type}.yml`));
  expect(forms.map(({ form }) => form.labels)).toEqual(types.map((type) => [type]));
  expect(new Set(forms.map(({ form }) => form.name)).size).toBe(types.length);
});

describe.each(forms)("$file", ({ fields }) => {
  test("has no id and no label twice", () => {
    const ids = fields.map(({ id }) => id);
    // GitHub also makes ids of labels, and refuses those that become the same.
    const labels = fields.map(({ attributes }) => attributes.label.toLowerCase().replace(/[^a-z0-9]+/gu, "-"));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(labels).size).toBe(labels.length);
  });

  test("asks only for what is read, for the idea first, and needs nothing else", () => {
    for (const { attributes } of fields) expect(Object.keys(formLabels)).toContain(attributes.label);
    expect(formLabels[fields[0]?.attributes.label ?? ""]).toBe("idea");
    expect(fields.map(({ validations }) => validations?.required === true)).toEqual(fields.map((_, at) => at === 0));
  });

  test("offers nothing, and shows no example, that is refused", () => {
    const offered = fields.flatMap(({ attributes }) =>
      ("options" in attributes ? attributes.options : [attributes.placeholder ?? ""]).map((value) => ({
        label: attributes.label,
        value,
      })),
    );
    const idea = fields[0]?.attributes.label ?? "";
    for (const { label, value } of offered) {
      const others = label === idea ? "" : `\n\n### ${label}\n\n${value}`;
      const body = `### ${idea}\n\nSomething that people need.${others}`;
      expect(
        readIssueForm({ title: "", body }, { budgetUsdMax: 25 }).faults.map(
          (each) => `${label}: ${inEnglish(each.expected)}`,
        ),
      ).toEqual([]);
    }
  });
});

test("every heading that is read belongs to a form", () => {
  const asked = new Set(forms.flatMap(({ fields }) => fields.map(({ attributes }) => attributes.label)));
  expect(Object.keys(formLabels).filter((label) => !asked.has(label))).toEqual([]);
});
