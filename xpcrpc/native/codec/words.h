/* Apple's serialisation, version 5, as far as a codec needs it: type words,
 * padding, and numbers in little-endian order (the wire format, section 3). */
#ifndef XC_WORDS_H
#define XC_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum xc_word {
  XC_NULL = 0x01000,
  XC_BOOL = 0x02000,
  XC_INT64 = 0x03000,
  XC_UINT64 = 0x04000,
  XC_DOUBLE = 0x05000,
  XC_DATE = 0x07000,
  XC_DATA = 0x08000,
  XC_STRING = 0x09000,
  XC_UUID = 0x0a000,
  XC_ARRAY = 0x0e000,
  XC_DICTIONARY = 0x0f000
};

enum {
  XC_LEAST_ITEM = 4, /* bytes of the smallest object: a word alone */
  XC_LEAST_ENTRY = 8 /* and with the smallest key */
};

/* `size` must be at most SIZE_MAX - 3; whoever calls knows it is. */
static inline size_t xc_padded(size_t size) { return (size + 3) & ~(size_t)3; }

static inline uint32_t xc_load32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
         (uint32_t)at[3] << 24;
}

static inline uint64_t xc_load64(const uint8_t *at) {
  return (uint64_t)xc_load32(at) | (uint64_t)xc_load32(at + 4) << 32;
}

static inline void xc_store32(uint8_t *at, uint32_t number) {
  at[0] = (uint8_t)number;
  at[1] = (uint8_t)(number >> 8);
  at[2] = (uint8_t)(number >> 16);
  at[3] = (uint8_t)(number >> 24);
}

static inline void xc_store64(uint8_t *at, uint64_t number) {
  xc_store32(at, (uint32_t)number);
  xc_store32(at + 4, (uint32_t)(number >> 32));
}

static inline double xc_double_of(uint64_t bits) {
  double number;

  memcpy(&number, &bits, sizeof number);
  return number;
}

static inline uint64_t xc_bits_of(double number) {
  uint64_t bits;

  memcpy(&bits, &number, sizeof bits);
  return bits;
}

#endif
