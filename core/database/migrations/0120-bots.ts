/** Bots and conversations: what the application layer keeps. Nothing here points into the tables of the ML layer. */
export const name = '0120-bots'

export const sql = `
CREATE TABLE bots (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  template TEXT NOT NULL, -- '' for none
  settings TEXT NOT NULL, -- BotSettings as JSON, without the name
  wants_starters INTEGER NOT NULL, -- 1: propose some as soon as there are documents
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE conversations (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  bot_id TEXT REFERENCES bots(id) ON DELETE SET NULL,
  bot_name TEXT NOT NULL, -- what it was called when it was removed
  title TEXT NOT NULL, -- '' until the first question
  folder TEXT NOT NULL,
  leaf_id TEXT, -- the last message of the branch that is shown
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_bot ON conversations (bot_id);
CREATE INDEX conversations_by_use ON conversations (used_at);

CREATE TABLE messages (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  parent_id TEXT REFERENCES messages(id), -- NULL: begins the conversation
  depth INTEGER NOT NULL, -- messages before it on its branch
  role TEXT NOT NULL, -- 'question' | 'answer'
  text TEXT NOT NULL,
  state TEXT, -- of an answer: 'answering' | 'done' | 'stopped' | 'failed'
  details TEXT NOT NULL, -- the rest of the message as JSON
  trace_id TEXT,
  rating TEXT, -- 'up' | 'down'
  comment TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_parent ON messages (parent_id, conversation_id);
CREATE INDEX messages_by_conversation ON messages (conversation_id, row);
CREATE INDEX messages_by_trace ON messages (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX messages_answering ON messages (row) WHERE state = 'answering';

-- Parts of words are found, in scripts without spaces too. An answer is put in once it is complete.
CREATE VIRTUAL TABLE message_words USING fts5(text, content='', contentless_delete=1, tokenize='trigram remove_diacritics 1');
CREATE TRIGGER message_added AFTER INSERT ON messages WHEN new.state IS NOT 'answering' BEGIN
  INSERT INTO message_words (rowid, text) VALUES (new.row, new.text);
END;
CREATE TRIGGER message_changed AFTER UPDATE OF text, state ON messages WHEN new.state IS NOT 'answering' BEGIN
  INSERT OR REPLACE INTO message_words (rowid, text) VALUES (new.row, new.text);
END;
CREATE TRIGGER message_removed AFTER DELETE ON messages BEGIN
  DELETE FROM message_words WHERE rowid = old.row;
END;

CREATE VIRTUAL TABLE conversation_words USING fts5(title, content='', contentless_delete=1, tokenize='trigram remove_diacritics 1');
CREATE TRIGGER conversation_added AFTER INSERT ON conversations BEGIN
  INSERT INTO conversation_words (rowid, title) VALUES (new.row, new.title);
END;
CREATE TRIGGER conversation_renamed AFTER UPDATE OF title ON conversations BEGIN
  INSERT OR REPLACE INTO conversation_words (rowid, title) VALUES (new.row, new.title);
END;
CREATE TRIGGER conversation_removed AFTER DELETE ON conversations BEGIN
  DELETE FROM conversation_words WHERE rowid = old.row;
END;
`
