//! What keeps a client from multiplying an outage.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a retry costs, and what a success earns: in the long run, one retry for five calls that
/// succeed.
const COST: u32 = 5;
const EARNED: u32 = 1;

/// How many retries a client may make. All clones share one budget.
///
/// It starts full. When the server is gone, it is used up soon, and each call is attempted once
/// until some succeed again.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    left: AtomicU32,
    full: u32,
}

impl RetryBudget {
    pub(crate) fn new(retries: u32) -> Self {
        let full = retries.saturating_mul(COST);
        Self { left: AtomicU32::new(full), full }
    }

    /// Withdraws the cost of one retry, if the budget covers it.
    pub(crate) fn withdraw(&self) -> bool {
        let spend = |left: u32| left.checked_sub(COST);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }

    /// A call succeeded, or was rejected by a server that is up.
    pub(crate) fn deposit(&self) {
        // Most of the time it is full, and nothing is written that other cores would have to see.
        if self.left.load(Ordering::Relaxed) < self.full {
            let earn = |left: u32| Some(left.saturating_add(EARNED).min(self.full));
            let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_used_up_and_earned_back() {
        let budget = RetryBudget::new(2);
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
        (0..4).for_each(|_| budget.deposit());
        assert!(!budget.withdraw());
        budget.deposit();
        assert!(budget.withdraw() && !budget.withdraw());
        (0..100).for_each(|_| budget.deposit());
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
        assert!(!RetryBudget::new(0).withdraw());
    }
}
