//! Texts that lie one after another in few blocks, instead of each by itself.

/// Where a text lies.
#[derive(Clone, Copy)]
pub(super) struct Text {
    block: u32,
    start: u32,
    length: u32,
}

/// Texts, in blocks that are never moved.
#[derive(Clone, Default)]
pub(super) struct Texts {
    blocks: Vec<String>,
    /// Empty ones, left from before.
    spare: Vec<String>,
}

impl Texts {
    const FIRST: usize = 1 << 10;
    const LARGEST: usize = 1 << 20;

    pub(super) fn add(&mut self, value: &str) -> Text {
        let fits = |block: &String| block.capacity() - block.len() >= value.len();
        if !self.blocks.last().is_some_and(fits) {
            let block = self.spare.pop().filter(fits).unwrap_or_else(|| self.larger_block(value.len()));
            self.blocks.push(block);
        }
        let block = self.blocks.len() - 1;
        let text = &mut self.blocks[block];
        let start = text.len();
        text.push_str(value);
        Text { block: block as u32, start: start as u32, length: value.len() as u32 }
    }

    fn larger_block(&self, least: usize) -> String {
        let double = |block: &String| (2 * block.capacity()).min(Self::LARGEST);
        String::with_capacity(self.blocks.last().map_or(Self::FIRST, double).max(least))
    }

    /// Keeps the blocks, the largest for what comes first.
    pub(super) fn clear(&mut self) {
        self.spare.append(&mut self.blocks);
        self.spare.iter_mut().for_each(String::clear);
        self.spare.sort_by_key(String::capacity);
    }

    pub(super) fn get(&self, text: Text) -> &str {
        let start = text.start as usize;
        &self.blocks[text.block as usize][start..start + text.length as usize]
    }

    /// The bytes for which there is room, taken or not.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.blocks.iter().chain(&self.spare).map(String::capacity).sum()
    }
}
