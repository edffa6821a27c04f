// The pure half of enigma-js: bytes in, bytes out. No file, no network, no clock.
//
//   bytes, size, secret, random   encodings, padding classes, key material
//   tags, hash, kdf               domain separation
//   curve, hashToCurve            BLS12-381
//   network                       the descriptor, messages of the threshold key, portals
//   ibe, session, envelope        from the network's key to an encrypted input
//   output, halt                  what comes back
//   input, state, receipt         what Ethereum orders and what enclaves sign
//   query, viewKey, sign          private reads, recoverable reply keys, session keys
//   layout, words, lottery, fees  the Enigma contract: slots, what is in them, who executes, what it costs
//   header, trie, proof           an RPC's answers, checked
export * from './bytes.js'
export * from './curve.js'
export * from './envelope.js'
export * from './errors.js'
export * from './fees.js'
export * from './halt.js'
export * from './hash.js'
export * from './hashToCurve.js'
export * from './header.js'
export * from './ibe.js'
export * from './input.js'
export * from './kdf.js'
export * from './layout.js'
export * from './lottery.js'
export * from './network.js'
export * from './output.js'
export * from './proof.js'
export * from './query.js'
export * from './random.js'
export * from './receipt.js'
export * from './secret.js'
export * from './session.js'
export * from './sign.js'
export * from './size.js'
export * from './state.js'
export * from './tags.js'
export * from './trie.js'
export * from './viewKey.js'
export * from './words.js'
