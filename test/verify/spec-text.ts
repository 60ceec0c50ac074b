export const specPath = ".phasegate/specs/active/spec-2026-02-18-001.yaml";

export const goodSpec = `# Written with the lenders.
id: spec-2026-02-18-001
version: 1.0.0
status: pending
metadata:
  title: Remind of overdue tools
  author: wanda
  createdAt: 2026-02-18T09:30:00Z
  updatedAt: 2026-02-18T09:30:00Z
  tags: [mail]

requirements:
  - id: REQ-001
    description: A borrower is reminded of a tool that is overdue.
    priority: high # asked for twice
    acceptanceCriteria:
      - "A loan that ended yesterday brings one mail."
acceptance:
  - A reminder arrives.
tasks:
  - id: TASK-001
    title: Find what is overdue
    status: pending # set by the app
    priority: medium
    step: 01_idea
    estimatedTime: 2h
    dependencies: [] # none
  - id: TASK-002
    title: Send the mail
    priority: medium
    dependencies: [TASK-001]
progress:
  total: 2
  completed: 0
  inProgress: 0
  failed: 0
  blocked: 0
  pending: 2
  percentage: 0
changeLog:
  - at: 2026-02-18T09:30:00Z
    by: consultant
    change: written
`;
