//! Memory for maps: aligned to cache lines, and used again. A fresh allocation of a few megabytes is given back to the
//! system when freed, so that a forward pass would spend a tenth of its time in page faults; a [`BufferPool`] keeps
//! freed memory for the next pass.
#![allow(unsafe_code)] // Aligned allocation.

use memmap2::MmapMut;
use std::{
    alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error},
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    ptr::NonNull,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes to which buffers are aligned: a cache line, and the widest vector.
const ALIGNMENT: usize = 64;

/// Freed memory that a pool keeps at most, in floats (256 MiB). The rest is given back to the system.
const KEPT: usize = 64 << 20;

/// Floats in aligned memory, always initialised. Goes back to its pool when dropped.
#[derive(Default)]
pub struct Buffer {
    memory: Option<Memory>,
    length: usize,
    pool: BufferPool,
}

struct Memory {
    start: NonNull<f32>,
    capacity: usize,
    /// Whether the memory is a mapping of its own, not the allocator's.
    mapping: Option<MmapMut>,
}

/// Floats from which on memory is mapped in huge pages (8 MiB): filling it takes a third less time, and the transformed
/// weights of a layer no longer outnumber the processor's page table entries. Below, what the last page wastes counts.
const HUGE: usize = 2 << 20;

// SAFETY: the memory is owned by this value alone.
unsafe impl Send for Memory {}
// SAFETY: through a shared reference it can only be read.
unsafe impl Sync for Memory {}

impl Memory {
    fn layout(capacity: usize) -> Layout {
        // Never fails for what can be allocated at all; a size beyond that ends in the allocator's own error.
        Layout::array::<f32>(capacity)
            .and_then(|layout| layout.align_to(ALIGNMENT))
            .unwrap_or_else(|_| handle_alloc_error(Layout::new::<f32>()))
    }

    fn zeroed(capacity: usize) -> Self {
        if capacity >= HUGE
            && let Ok(mut mapping) = MmapMut::map_anon(capacity * size_of::<f32>())
        {
            // A hint: without it the mapping serves as well.
            #[cfg(target_os = "linux")]
            let _ = mapping.advise(memmap2::Advice::HugePage);
            // Mappings begin at a page, which is aligned to more than a cache line.
            if let Some(start) = NonNull::new(mapping.as_mut_ptr().cast()) {
                return Memory { start, capacity, mapping: Some(mapping) };
            }
        }
        let layout = Memory::layout(capacity);
        // SAFETY: the layout's size is not zero: capacities are at least one step of `capacity_for`.
        let start = unsafe { alloc_zeroed(layout) };
        match NonNull::new(start.cast::<f32>()) {
            Some(start) => Memory { start, capacity, mapping: None },
            None => handle_alloc_error(layout),
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.mapping.is_none() {
            // SAFETY: allocated in `zeroed` with the same layout, and freed once.
            unsafe { dealloc(self.start.as_ptr().cast(), Memory::layout(self.capacity)) }
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        match &self.memory {
            // SAFETY: `length` <= capacity floats were allocated, zeroed, and live as long as `self`.
            Some(memory) => unsafe { std::slice::from_raw_parts(memory.start.as_ptr(), self.length) },
            None => &[],
        }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        match &self.memory {
            // SAFETY: as above, and `self` is borrowed for writing.
            Some(memory) => unsafe { std::slice::from_raw_parts_mut(memory.start.as_ptr(), self.length) },
            None => &mut [],
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            self.pool.put(memory);
        }
    }
}

/// Buffers for reuse. Clones share the same buffers.
#[derive(Clone, Default)]
pub struct BufferPool(Arc<Mutex<Free>>);

#[derive(Default)]
struct Free {
    by_capacity: BTreeMap<usize, Vec<Memory>>,
    total: usize,
}

impl BufferPool {
    /// A buffer of `length` initialised floats of arbitrary value.
    pub fn take(&self, length: usize) -> Buffer {
        let capacity = capacity_for(length);
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The nearest that is large enough, but not so large that it would be missed elsewhere.
        let mut fitting = free.by_capacity.range_mut(capacity..=capacity + capacity / 2);
        let found = fitting.find_map(|(_, memory)| memory.pop());
        free.total -= found.as_ref().map_or(0, |memory| memory.capacity);
        drop(free);
        let memory = found.unwrap_or_else(|| Memory::zeroed(capacity));
        Buffer { memory: Some(memory), length, pool: self.clone() }
    }

    fn put(&self, memory: Memory) {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if free.total + memory.capacity <= KEPT {
            free.total += memory.capacity;
            free.by_capacity.entry(memory.capacity).or_default().push(memory);
        }
    }
}

/// The capacity that serves `length`: steps of an eighth of a power of two, so that nearly equal sizes share memory.
fn capacity_for(length: usize) -> usize {
    let step = (length.next_power_of_two() / 16).max(64);
    length.max(1).next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_used_again() {
        let pool = BufferPool::default();
        let mut first = pool.take(1000);
        assert_eq!((first.len(), first.as_ptr() as usize % ALIGNMENT), (1000, 0));
        assert!(first.iter().all(|&v| v == 0.0));
        first[999] = 7.0;
        let start = first.as_ptr();
        drop(first);
        let again = pool.take(998);
        assert_eq!((again.as_ptr(), again.len()), (start, 998));
        assert_ne!(pool.take(998).as_ptr(), start);
        assert_eq!(pool.take(0).len(), 0);
    }
}
