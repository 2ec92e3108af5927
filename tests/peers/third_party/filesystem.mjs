// server-filesystem behind the gate: filesystem.mjs <mcp url> <token> <era> <folder>
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { said } from "../clients/checks.mjs";
import { EMAIL, NAME, RECORD, SSN, session } from "./person.mjs";

const [url, token, era, folder] = process.argv.slice(2);
const at = (name) => `${folder}/${name}`;
const note = `Patient: ${NAME}, SSN ${SSN}.\nShe slept.\nWrite to ${EMAIL}.\n`;
mkdirSync(at(SSN), { recursive: true });
writeFileSync(at("record.json"), JSON.stringify(RECORD));
writeFileSync(at("note.txt"), note);
for (const name of ["scan.png", "voice.mp3", "dump.bin"]) writeFileSync(at(name), note);

const { works, call, close } = await session(url, token, era);
const same = ({ structure, text }, expected) => {
  assert.equal(structure.content, expected);
  assert.equal(text, expected);
};
const shownNote = "Patient: [PERSON_1], SSN [US_SSN_1].\nShe slept.\nWrite to [EMAIL_1].\n";

same(await works("read_text_file", { path: at("note.txt") }), shownNote);
same(await works("read_text_file", { path: at("note.txt"), head: 1 }), shownNote.split("\n")[0]);
const record = await works("read_file", { path: at("record.json") });
for (const shown of [record.structure.content, record.text].map((text) => JSON.parse(text))) {
  assert.deepEqual(shown, { patient_name: "[PERSON_1]", ssn: "[US_SSN_1]", card: "[PAN_1]", email: "[EMAIL_1]" });
}
const many = await works("read_multiple_files", { paths: [at("note.txt"), "/etc/passwd"] });
assert.match(many.text, /Patient: \[PERSON_1\], SSN \[US_SSN_1\]/);
assert.match(many.text, /passwd: Error - Access denied/);
for (const name of ["scan.png", "voice.mp3", "dump.bin"]) {
  const { text } = await works("read_media_file", { path: at(name) });
  assert.match(text, /withheld\]$/);
}

await works("write_file", { path: at("written.txt"), content: note });
assert.equal(readFileSync(at("written.txt"), "utf8"), note, "what is written is what the client sent");
const edits = [{ oldText: "She slept.", newText: `She slept; her card is ${RECORD.card}.` }];
const edited = await works("edit_file", { path: at("written.txt"), edits });
assert.match(edited.text, /^\+She slept; her card is \[PAN_1\]\.$/m);
assert.match(readFileSync(at("written.txt"), "utf8"), /card is 4111 1111 1111 1111\./);
await works("create_directory", { path: at(`made/${EMAIL}`) });
assert.ok(existsSync(at(`made/${EMAIL}`)));
await works("move_file", { source: at("written.txt"), destination: at(`made/${SSN}.txt`) });
assert.ok(existsSync(at(`made/${SSN}.txt`)) && !existsSync(at("written.txt")));

const listed = await works("list_directory", { path: folder });
assert.match(listed.text, /\[DIR\] \[US_SSN_1\]/);
assert.match(listed.text, /\[FILE\] note\.txt/);
assert.match((await works("list_directory_with_sizes", { path: folder })).text, /note\.txt .* B/);
assert.ok((await works("directory_tree", { path: folder })).text.includes("note.txt"));
assert.match((await works("search_files", { path: folder, pattern: "**/*.txt" })).text, /note\.txt/);
assert.match((await works("get_file_info", { path: at("note.txt") })).text, new RegExp(`size: ${note.length}`));
assert.match((await works("list_allowed_directories")).text, /Allowed directories:/);

const outside = await call("read_text_file", { path: `/etc/${SSN}` });
assert.ok(outside.isError, JSON.stringify(outside));
assert.match(outside.content[0].text, /^Access denied - path outside allowed directories/);
const count = await close();
said(`server-filesystem, ${era}`, `${count} tools; nothing planted comes out, the SDK's validation is content, the files are right`);
