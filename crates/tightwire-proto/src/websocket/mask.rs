//! Masking (RFC 6455, section 5.3), in place and eight bytes at a time.

/// Masks, or unmasks, `bytes`, which begin at `offset` of their frame's payload.
pub fn apply(mask: [u8; 4], offset: usize, bytes: &mut [u8]) {
    // Eight is a multiple of four, so that every chunk begins at the same place of the mask.
    let key: [u8; 8] = std::array::from_fn(|index| mask[offset.wrapping_add(index) % 4]);
    let word = u64::from_ne_bytes(key);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_and_length_is_as_byte_by_byte() {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        for offset in 0..9 {
            for length in 0..40_u8 {
                let plain: Vec<u8> = (0..length).map(|index| index.wrapping_mul(7)).collect();
                let expected: Vec<u8> =
                    plain.iter().enumerate().map(|(index, byte)| byte ^ mask[(offset + index) % 4]).collect();
                let mut bytes = plain;
                apply(mask, offset, &mut bytes);
                assert_eq!(bytes, expected, "offset {offset}, length {length}");
            }
        }
    }
}
