/* SipHash-1-3 under a key drawn at random once per process: peers choose the
 * bytes that are hashed, and must not be able to choose the collisions. */
#include "object.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>

static uint64_t key0, key1;
static pthread_once_t drawn = PTHREAD_ONCE_INIT;

static void draw(void) {
  uint64_t key[2] = {0, 0};
  struct timespec now;

  if (getrandom(key, sizeof key, GRND_NONBLOCK) != (ssize_t)sizeof key) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    key[0] = (uint64_t)now.tv_nsec ^ (uintptr_t)&key0;
    key[1] = (uint64_t)now.tv_sec ^ (uint64_t)getpid() << 32;
  }
  key0 = key[0];
  key1 = key[1];
}

static inline uint64_t rotate(uint64_t value, unsigned bits) {
  return value << bits | value >> (64 - bits);
}

static inline void sip_round(uint64_t v[4]) {
  v[0] += v[1];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[0] = rotate(v[0], 32);
  v[2] += v[3];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[2] = rotate(v[2], 32);
}

uint64_t xpc__seeded_hash(const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  size_t left = length;
  uint64_t v[4], word;

  pthread_once(&drawn, draw);
  v[0] = key0 ^ 0x736f6d6570736575u;
  v[1] = key1 ^ 0x646f72616e646f6du;
  v[2] = key0 ^ 0x6c7967656e657261u;
  v[3] = key1 ^ 0x7465646279746573u;
  for (; left >= 8; at += 8, left -= 8) {
    memcpy(&word, at, 8);
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
  }
  word = (uint64_t)length << 56;
  for (size_t i = 0; i < left; i++)
    word |= (uint64_t)at[i] << (8 * i);
  v[3] ^= word;
  sip_round(v);
  v[0] ^= word;
  v[2] ^= 0xff;
  sip_round(v);
  sip_round(v);
  sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}
