/** What models did in a self-test, on each machine that this workspace was opened on. */
export const name = '0050-model-speeds'

export const sql = `
CREATE TABLE model_speeds (
  model TEXT NOT NULL,
  machine TEXT NOT NULL,
  contents TEXT NOT NULL, -- hash of the model's files: another model of the same name was not measured
  speed TEXT NOT NULL, -- JSON
  PRIMARY KEY (model, machine)
) STRICT, WITHOUT ROWID;
`
