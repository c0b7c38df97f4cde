// Encodes texts with llama.cpp: node llama_cpp.js ADDON MODEL < [[text, ...], special] > [[id, ...], ...]
// SPDX-License-Identifier: MIT
//
// ADDON is the llama-addon.node of npm's @node-llama-cpp/linux-x64. Only the vocab is loaded, so a
// file without tensors will do.
"use strict";
const fs = require("fs");

async function main() {
	const [addon, model] = process.argv.slice(2);
	const llama = require(addon);
	llama.setLogger((level, message) => process.stderr.write(message));
	await llama.loadBackends();
	await llama.init();
	const loaded = new llama.AddonModel(model, {addonExports: llama, vocabOnly: true});
	if (!await loaded.init())
		throw new Error(`${model}: not loaded`);
	const [texts, special] = JSON.parse(fs.readFileSync(0));
	const ids = texts.map((text) => Array.from(loaded.tokenize(text, special)));
	const about = {bos: loaded.tokenBos(), addsBos: loaded.shouldPrependBosToken(),
		eos: loaded.tokenEos(), addsEos: loaded.shouldAppendEosToken()};
	await loaded.dispose();
	process.stdout.write(JSON.stringify({ids, about}));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
