#!/usr/bin/env python3
"""Writes vectors/lottery.json: the stake tree and the lottery of docs/bytes.md, from an implementation of their own.

No dependency: Keccak is below. Every sequence is drawn twice, by walking the tree and by a linear scan over a plain
table of weights per epoch that knows nothing of trees, and both must agree.

    python3 vectors/scripts/lottery.py            write the file
    python3 vectors/scripts/lottery.py --check    compare with it
"""

import json
import pathlib
import sys

MASK64 = (1 << 64) - 1
LEVELS, SEATS, MAX_WEIGHT, LANE = 5, 8**5, (1 << 30) - 1, (1 << 32) - 1
CONTRACTS = [bytes([b]) * 20 for b in (0x11, 0xA7, 0xFF)]


def keccak256(data: bytes) -> bytes:
    """Keccak with the original padding (Ethereum's), rate 136."""

    def rotate(x, n):
        return ((x << n) | (x >> (64 - n))) & MASK64 if n else x

    def permute(a):
        r = 1
        for _ in range(24):
            c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
            d = [c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
            a = [[a[x][y] ^ d[x] for y in range(5)] for x in range(5)]
            x, y, lane = 1, 0, a[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                lane, a[x][y] = a[x][y], rotate(lane, (t + 1) * (t + 2) // 2 % 64)
            a = [[a[x][y] ^ (~a[(x + 1) % 5][y] & a[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
            for j in range(7):
                r = ((r << 1) ^ ((r >> 7) * 0x71)) % 256
                if r & 2:
                    a[0][0] ^= 1 << ((1 << j) - 1)
        return a

    state = [[0] * 5 for _ in range(5)]
    padded = data + b"\x01" + b"\x00" * (-(len(data) + 2) % 136) + b"\x80"
    if len(data) % 136 == 135:
        padded = data + b"\x81"
    for block in range(0, len(padded), 136):
        for i in range(17):
            lane = int.from_bytes(padded[block + 8 * i : block + 8 * i + 8], "little")
            state[i % 5][i // 5] ^= lane
        state = permute(state)
    return b"".join(state[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def word(value) -> bytes:
    return value.rjust(32, b"\0") if isinstance(value, bytes) else value.to_bytes(32, "big")


def tagged(name: str, *words) -> bytes:
    """H("name", a, b, …)"""
    return keccak256(keccak256(b"enigma/v1/" + name.encode()) + b"".join(word(w) for w in words))


class Tree:
    """The tree as it is stored: words by key, and the root."""

    def __init__(self):
        self.words, self.root = {}, 0

    def entry(self, epoch):
        place = min(max(epoch - (self.root & (2**40 - 1)), 0), 2)
        return self.root >> (40 + 32 * place) & LANE

    def read(self, level, index, version):
        return self.words.get(level << 32 | index << 2 | version, 0)

    def set(self, epoch, seat, weight):
        entries = [self.entry(epoch + i) for i in range(3)]
        p = [entry >> 30 for entry in entries]
        path = []
        for level in reversed(range(LEVELS)):
            index, lane = seat >> 3 * (level + 1), seat >> 3 * level & 7
            words = [self.read(level, index, version) for version in p]
            q = p[2] if p[2] not in p[:2] else min({0, 1, 2} - set(p[:2]))
            path.append((level, index, lane, words[2], q))
            p = [w >> 32 * lane >> 30 & 3 for w in words]
        level, index, lane, leaf, _ = path[-1]
        change = weight - (leaf >> 32 * lane & MAX_WEIGHT)
        child = 0
        for level, index, lane, old, q in reversed(path):
            new = (old >> 32 * lane & MAX_WEIGHT) + change | child << 30
            self.words[level << 32 | index << 2 | q] = old & ~(LANE << 32 * lane) | new << 32 * lane
            child = q
        total = (entries[2] & MAX_WEIGHT) + change
        assert 0 <= total <= MAX_WEIGHT
        self.root = epoch | entries[0] << 40 | entries[1] << 72 | (child << 30 | total) << 104

    def sequence(self, epoch, seed, contract, count):
        entry = self.entry(epoch)
        drawn = {}
        while len(drawn) < count:
            left = (entry & MAX_WEIGHT) - sum(drawn.values())
            if left == 0:
                break
            r = int.from_bytes(tagged("draw", seed, contract, len(drawn)), "big") % left
            version, index = entry >> 30, 0
            for level in reversed(range(LEVELS)):
                node = self.read(level, index, version)
                for lane in range(8):
                    child = 8 * index + lane
                    taken = sum(w for seat, w in drawn.items() if seat >> 3 * level == child)
                    free = (node >> 32 * lane & MAX_WEIGHT) - taken
                    if r < free:
                        break
                    r -= free
                version, index = node >> 32 * lane >> 30 & 3, child
            drawn[index] = free
        return list(drawn)


class Table:
    """The same promise without a tree: a change made in epoch e counts from e+2."""

    def __init__(self):
        self.changes = []

    def weights(self, epoch):
        table = {}
        for made, seat, weight in self.changes:
            if made + 2 <= epoch:
                table[seat] = weight
        return {seat: weight for seat, weight in sorted(table.items()) if weight}

    def sequence(self, epoch, seed, contract, count):
        left, drawn = self.weights(epoch), []
        while left and len(drawn) < count:
            r = int.from_bytes(tagged("draw", seed, contract, len(drawn)), "big") % sum(left.values())
            for seat, weight in left.items():
                if r < weight:
                    break
                r -= weight
            drawn.append(seat)
            del left[seat]
        return drawn


def operations():
    """Logins, logouts and stake changes, with quiet epochs and far seats."""
    made, counter = [], 0

    def random(bound):
        nonlocal counter
        counter += 1
        return int.from_bytes(keccak256(b"lottery vectors" + counter.to_bytes(4, "big")), "big") % bound

    for epoch, count in [(0, 12), (1, 9), (2, 9), (3, 1), (4, 9), (7, 6), (8, 5), (20, 4), (21, 4), (22, 4)]:
        for _ in range(count):
            seat = [random(12), random(64), random(600), SEATS - 1 - random(9)][random(4)]
            weight = [0, 1, random(1000), random(1 << 20), random(1 << 25)][random(5)]
            made.append((epoch, seat, weight))
    # One seat changed twice in an epoch, and one set to what it was.
    made += [(22, 5, 77), (22, 5, 78), (23, 5, 78), (23, 32_767, MAX_WEIGHT >> 3)]
    return made


def main():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    tree, table, reads = Tree(), Table(), []
    done = operations()
    for after, (epoch, seat, weight) in enumerate(done, 1):
        tree.set(epoch, seat, weight)
        table.changes.append((epoch, seat, weight))
        last_of_epoch = after == len(done) or done[after][0] != epoch
        if not last_of_epoch and after % 5:
            continue
        for ahead in (0, 1, 2, 9):
            x = epoch + ahead
            seed = keccak256(b"seed" + x.to_bytes(8, "big"))
            contract = CONTRACTS[len(reads) % len(CONTRACTS)]
            count = [3, 8, 40][len(reads) % 3]
            ids = tree.sequence(x, seed, contract, count)
            assert ids == table.sequence(x, seed, contract, count), (after, x)
            total = tree.entry(x) & MAX_WEIGHT
            assert total == sum(table.weights(x).values()), (after, x)
            reads.append(
                {
                    "after": after,
                    "epoch": x,
                    "total": total,
                    "seed": "0x" + seed.hex(),
                    "contract": "0x" + contract.hex(),
                    "count": count,
                    "ids": ids,
                }
            )
    words = [
        {"key": f"0x{key:064x}", "value": f"0x{value:064x}"} for key, value in sorted(tree.words.items()) if value
    ]

    def rows(items):
        return "[\n" + ",\n".join("    " + json.dumps(item) for item in items) + "\n  ]"

    listed = [{"epoch": e, "seat": s, "weight": w} for e, s, w in done]
    text = (
        "{\n"
        '  "about": "Stake tree and lottery (docs/bytes.md). Apply operations in order; `after` of a read is the number'
        ' of operations before it; words (non-zero) and treeRoot are what is stored in the end.",\n'
        f'  "operations": {rows(listed)},\n  "reads": {rows(reads)},\n  "words": {rows(words)},\n'
        f'  "treeRoot": "0x{tree.root:064x}"\n}}\n'
    )
    file = pathlib.Path(__file__).parent.parent / "lottery.json"
    if "--check" in sys.argv:
        if file.read_text() != text:
            sys.exit("vectors/lottery.json is not what the script makes")
    else:
        file.write_text(text)
    print(f"{len(done)} operations, {len(reads)} reads, {len(words)} words")


main()
