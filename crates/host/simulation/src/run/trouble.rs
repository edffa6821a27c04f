//! What goes wrong, for how long, and that it ends.

use std::collections::BTreeMap;

use super::{Run, user};
use crate::{
    contract::{Call, operator},
    sim::{Endpoint, Hostile, Inner, contract},
};

/// Until which block something lasts.
#[derive(Default)]
pub(super) struct Lasts {
    down: BTreeMap<u64, u64>,
    paused: BTreeMap<u64, u64>,
    endpoint: BTreeMap<u64, u64>,
    partition: u64,
    loss: u64,
    fee: u64,
    pub(super) beacon: u64,
    keys: u64,
    congestion: u64,
}

impl Run {
    /// Begins what goes wrong from this block on.
    pub(super) fn trouble(&mut self) {
        let now = self.height();
        let often = self.schedule.troubles.clone();
        let workers = self.workers();
        let length = self.dice.between(2, 14);
        let victim = self.dice.below(workers);
        if self.dice.chance(often.crash) {
            let calls = self.dice.between(1, 40);
            let node = &mut self.sim.lock().nodes[victim as usize];
            if node.worker.is_some() {
                node.dies_in = Some(calls);
                if self.dice.chance(300) {
                    node.disk.cut_after(self.dice.between(1, 60));
                }
            }
        }
        let victim = self.dice.below(workers);
        if self.dice.chance(often.pause) {
            self.sim.lock().nodes[victim as usize].is_paused = true;
            self.lasts.paused.insert(victim, now + length);
        }
        let victim = self.dice.below(workers);
        if self.dice.chance(often.endpoint) {
            let mut endpoint = Endpoint::default();
            match self.dice.below(4) {
                0 => endpoint.is_down = true,
                1 => endpoint.slow = self.dice.between(500, 4_000),
                2 => endpoint.lag = self.dice.between(1, 6),
                _ => endpoint.lies = self.dice.between(200, 1_000),
            }
            let node = &mut self.sim.lock().nodes[victim as usize];
            node.endpoints[0] = endpoint;
            if endpoint.is_down && self.dice.chance(300) {
                node.endpoints[1] = endpoint;
            }
            self.lasts.endpoint.insert(victim, now + length);
        }
        self.trouble_all(now, length);
        if self.schedule.is_moving && self.dice.chance(30) {
            let id = self.dice.below(workers);
            let mut inner = self.sim.lock();
            let staked: usize = inner.chain.tip().state.workers.iter().filter(|w| w.logged_in).count();
            let is_in = inner.chain.tip().state.workers[id as usize].logged_in;
            let call = if is_in { Call::Logout(id) } else { Call::Login(id) };
            if !is_in || staked > 4 {
                inner.chain.send(operator(id), call);
            }
        }
    }

    /// What goes wrong for all.
    fn trouble_all(&mut self, now: u64, length: u64) {
        let often = self.schedule.troubles.clone();
        let mut inner = self.sim.lock();
        let dice = &mut self.dice;
        if dice.chance(often.partition) {
            inner.links.side.iter_mut().for_each(|side| *side = dice.below(2) as u8);
            self.lasts.partition = now + length;
        }
        if dice.chance(often.loss) {
            (inner.links.loss, inner.links.delay) = (dice.between(50, 400), dice.between(100, 3_000));
            self.lasts.loss = now + length;
        }
        if dice.chance(often.fee) {
            inner.chain.base_fee = dice.between(15, 90).into();
            self.lasts.fee = now + length;
        }
        if dice.chance(often.beacon) {
            self.lasts.beacon = now + 2 * length;
        }
        if dice.chance(often.keys) {
            inner.keys_away = dice.between(1, 3) as usize;
            self.lasts.keys = now + length;
        }
        if dice.chance(often.congestion) {
            inner.chain.congestion = dice.between(1, 4);
            self.lasts.congestion = now + length;
        }
        if dice.chance(often.reorganisation) && now > 8 {
            let (count, lost) = (dice.between(1, 5), dice.between(0, 300));
            inner.note("reorganisation", 0, count, lost);
            inner.chain.drop_blocks(count, lost);
            self.judged = self.judged.min(inner.chain.height());
            // As many blocks again or one more; sometimes the chain is shorter for a while, or was announced so.
            let again = if dice.chance(200) { 0 } else { count + dice.below(2) };
            if dice.chance(300) {
                inner.announce();
            }
            for _ in 0..again {
                inner.chain.mine();
            }
            let height = now.max(inner.chain.height());
            inner.nodes.iter_mut().for_each(|n| n.dirty = height);
        }
    }

    /// Ends what is over, and buries and raises the dead.
    pub(super) fn recover(&mut self) {
        let now = self.height();
        let mut dead = Vec::new();
        {
            let mut inner = self.sim.lock();
            for id in 0..inner.nodes.len() as u64 {
                let is_cut = inner.nodes[id as usize].disk.is_cut();
                let node = &mut inner.nodes[id as usize];
                if node.worker.is_some() && (node.is_dying || is_cut) {
                    dead.push(id);
                }
                if self.lasts.paused.get(&id).is_some_and(|until| *until <= now) {
                    self.lasts.paused.remove(&id);
                    node.is_paused = false;
                }
                if self.lasts.endpoint.get(&id).is_some_and(|until| *until <= now) {
                    self.lasts.endpoint.remove(&id);
                    node.endpoints = [Endpoint::default(); 2];
                }
            }
            if self.lasts.partition <= now {
                inner.links.side.fill(0);
            }
            if self.lasts.loss <= now {
                (inner.links.loss, inner.links.delay) = (0, 60);
            }
            if self.lasts.fee <= now {
                inner.chain.base_fee = 10;
            }
            if self.lasts.keys <= now {
                inner.keys_away = 0;
            }
            if self.lasts.congestion <= now {
                inner.chain.congestion = 0;
            }
        }
        for id in dead {
            self.sim.kill(id);
            self.hurt(id);
            let until = now + self.dice.between(1, 10);
            self.lasts.down.insert(id, until);
        }
        let back: Vec<u64> =
            self.lasts.down.iter().filter(|(_, until)| **until <= now).map(|(id, _)| *id).collect();
        for id in back {
            self.lasts.down.remove(&id);
            self.sim.start(id);
            if self.sim.lock().nodes[id as usize].worker.is_none() {
                self.lasts.down.insert(id, now + 1);
            }
        }
    }

    /// What a death does to a disk.
    fn hurt(&mut self, id: u64) {
        let disk = self.sim.lock().nodes[id as usize].disk.clone();
        let kind = self.dice.below(10);
        match kind {
            0 | 1 => disk.lose_unsynced(),
            2 | 3 => disk.tear(self.dice.throw()),
            4 => {
                if let Some(backup) = self.backups.get(&id) {
                    disk.rewind_to(backup);
                }
            }
            5 => disk.flip(self.dice.throw()),
            6 => disk.truncate(disk.size() / 2),
            _ => {}
        }
        self.sim.lock().note("disk", id, kind, 0);
        if self.dice.chance(300) {
            self.backups.insert(id, disk.fork());
        }
    }

    /// Who is not all right now.
    pub(super) fn soil(&mut self) {
        let mut inner = self.sim.lock();
        let now = inner.chain.height() + 1;
        let is_all = inner.links.loss > 0
            || inner.links.side.iter().any(|side| *side != inner.links.side[0])
            || inner.keys_away > 1
            || inner.chain.congestion > 0
            || inner.chain.base_fee > 10;
        let lasts = &self.lasts;
        for (id, node) in (0..).zip(&mut inner.nodes) {
            let is_ill = node.worker.is_none()
                || node.is_paused
                || node.is_dying
                || node.hostile.is_some()
                || node.dies_in.is_some()
                || lasts.endpoint.contains_key(&id);
            if is_all || is_ill {
                node.dirty = now;
            }
        }
    }

    pub(super) fn cry(&self, inner: &mut Inner) {
        let criers: Vec<u64> = (0..)
            .zip(&inner.nodes)
            .filter(|(_, n)| n.hostile == Some(Hostile::CriesLost))
            .map(|(id, _)| id)
            .collect();
        for id in criers {
            let number = inner.chain.height();
            if !self.is_healed && number % 9 == id {
                for n in 0..self.schedule.contracts.len() as u64 {
                    inner.chain.send(operator(id), Call::DeclareLost(contract(n)));
                }
            }
        }
    }

    /// From now on nothing goes wrong, but for who is hostile.
    pub(super) fn heal(&mut self) {
        let now = self.height();
        let down: Vec<u64> = self.lasts.down.keys().copied().collect();
        self.lasts = Lasts::default();
        self.lasts.down = down.into_iter().map(|id| (id, now)).collect();
        self.is_healed = true;
        {
            let mut inner = self.sim.lock();
            for node in &mut inner.nodes {
                node.is_paused = false;
                node.dies_in = None;
                node.endpoints = [Endpoint::default(); 2];
            }
            inner.note("healed", 0, now, 0);
        }
        for n in 0..self.schedule.contracts.len() as u64 {
            let task = self.task();
            self.sim.lock().chain.send(user(1), Call::Create { contract: contract(n), task });
        }
        self.sim.ring();
    }
}
