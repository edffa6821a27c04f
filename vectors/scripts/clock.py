#!/usr/bin/env python3
"""Writes vectors/clock.json: the order and the clock, and the hash of a snapshot, of docs/bytes.md, from an
implementation of their own: waits are added up turn by turn, orders are sorted lists, clocks count block by block.

    python3 vectors/scripts/clock.py            write the file
    python3 vectors/scripts/clock.py --check    compare with it
"""

import json
import pathlib
import sys

MASK64 = (1 << 64) - 1
SEQUENCE, CHUNK = 8, 98_304
ROTATIONS = [[0] * 5 for _ in range(5)]
CONSTANTS = []


def prepare():
    """The constants of Keccak-f[1600]."""
    x, y = 1, 0
    for t in range(24):
        ROTATIONS[x][y] = (t + 1) * (t + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    r = 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            r = ((r << 1) ^ ((r >> 7) * 0x71)) % 256
            if r & 2:
                constant ^= 1 << ((1 << j) - 1)
        CONSTANTS.append(constant)


def permute(a):
    for constant in CONSTANTS:
        c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        d = [c[(x + 4) % 5] ^ ((c[(x + 1) % 5] << 1 | c[(x + 1) % 5] >> 63) & MASK64) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                lane, by = a[x][y] ^ d[x], ROTATIONS[x][y]
                b[y][(2 * x + 3 * y) % 5] = (lane << by | lane >> (64 - by)) & MASK64
        a = [[b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        a[0][0] ^= constant
    return a


def keccak256(data: bytes) -> bytes:
    """Keccak with the original padding (Ethereum's), rate 136."""
    state = [[0] * 5 for _ in range(5)]
    padding = bytearray(136 - len(data) % 136)
    padding[0] ^= 0x01
    padding[-1] ^= 0x80
    padded = data + padding
    for block in range(0, len(padded), 136):
        for i in range(17):
            state[i % 5][i // 5] ^= int.from_bytes(padded[block + 8 * i : block + 8 * i + 8], "little")
        state = permute(state)
    return b"".join(state[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def wait(position, signers, group_size, takeover):
    """The m-th turn and those before it are at once; each next one in the group is T later; beyond it 2T, 4T, 8T …"""
    blocks, step = 0, 2 * takeover
    for turn in range(signers, position + 1):
        if turn < group_size:
            blocks += takeover
        else:
            blocks += step
            step *= 2
    return blocks


class Counter:
    """A contract's clock that counts block by block, and the words that the chain would hold of it."""

    def __init__(self, seed):
        self.random = seed
        self.block = self.oldest = self.epoch = 100
        self.commit = self.clock_from = self.paused_at = self.counted = 0
        self.deadline, self.whole = self.draw(8, 40), self.draw(2, 12)

    def draw(self, least, most):
        self.random = (self.random * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & MASK64
        return least + (self.random >> 33) % (most - least + 1)

    def step(self):
        self.block += 1
        if self.paused_at == 0 and self.block > self.oldest:
            self.counted += 1

    def happen(self):
        """What somebody does in a block, if anybody does anything: the clock is held and resumed most often."""
        what = self.draw(0, 39)
        if what < 12 and self.paused_at == 0:
            self.paused_at = self.block
        elif what < 12:
            self.paused_at, self.clock_from = 0, self.block - self.counted
        elif what == 12:
            self.epoch = self.block
            self.counted = 0
        elif what in (13, 14):
            # A commit, or a skip: another input is the oldest, and it may not be deep enough yet.
            self.oldest, self.paused_at = self.block + self.draw(0, 9) - 6, 0
            if what == 13:
                self.commit = self.block
            else:
                self.clock_from = self.block
            self.counted = 0

    def skip_from(self):
        """The first block at which a skip would do, if nothing happens until then; 0 if it would do at once."""
        since, counted = max(self.oldest, self.commit), self.counted
        block, last = self.block, since + 4 * self.deadline
        while not (block >= last or block >= since + self.deadline and counted >= self.whole):
            block += 1
            counted += self.paused_at == 0 and block > self.oldest
        return 0 if block == self.block else block

    def row(self):
        return {
            "oldestInput": self.oldest,
            "epochStart": self.epoch,
            "lastCommit": self.commit,
            "clockFrom": self.clock_from,
            "pausedAt": self.paused_at,
            "block": self.block,
            "elapsed": self.counted,
            "whole": self.whole,
            "deadline": self.deadline,
            "skipFrom": self.skip_from(),
        }


def clocks():
    rows = []
    for seed in range(60):
        counter = Counter(seed)
        for _ in range(60):
            counter.happen()
            if counter.draw(0, 9) == 0:
                rows.append(counter.row())
            counter.step()
    return rows


def snapshot(length):
    blob = bytes((i * 7 + 3) & 0xFF for i in range(length))
    hashes = b"".join(keccak256(blob[i : i + CHUNK]) for i in range(0, length, CHUNK))
    words = keccak256(b"enigma/v1/snapshot") + length.to_bytes(32, "big") + keccak256(hashes)
    return {"length": length, "hash": "0x" + keccak256(words).hex()}


def main():
    prepare()
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    waits = [
        {
            "position": position,
            "signers": signers,
            "groupSize": group_size,
            "takeover": takeover,
            "wait": wait(position, signers, group_size, takeover),
        }
        for group_size, takeover in ((1, 3), (3, 3), (3, 5), (5, 7), (8, 65_535))
        for signers in range(1, group_size + 1)
        for position in range(SEQUENCE)
    ]
    orders = [
        {
            "count": count,
            "silent": silent,
            "order": sorted(range(count), key=lambda rank: (silent >> rank & 1, rank)),
        }
        for count in range(1, SEQUENCE + 1)
        for silent in sorted({0, 1, 2, 5, 1 << count >> 1, (1 << count) - 1, 0b01101001, 0b00010110})
        if silent < 1 << count
    ]
    ticked = clocks()
    snapshots = [snapshot(length) for length in (1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 12_345)]

    def rows(items):
        return "[\n" + ",\n".join("    " + json.dumps(item) for item in items) + "\n  ]"

    text = (
        "{\n"
        '  "about": "The order and the clock, and the hash of a snapshot (docs/bytes.md). `order` is the ranks by'
        ' position; `oldestInput` is its block and the depth, `skipFrom` is 0 if it has come; byte i of a snapshot is (7i + 3) mod 256.",\n'
        f'  "waits": {rows(waits)},\n  "orders": {rows(orders)},\n  "clocks": {rows(ticked)},\n'
        f'  "snapshots": {rows(snapshots)}\n}}\n'
    )
    file = pathlib.Path(__file__).parent.parent / "clock.json"
    if "--check" in sys.argv:
        if file.read_text() != text:
            sys.exit("vectors/clock.json is not what the script makes")
    else:
        file.write_text(text)
    print(f"{len(waits)} waits, {len(orders)} orders, {len(ticked)} clocks, {len(snapshots)} snapshots")


main()
