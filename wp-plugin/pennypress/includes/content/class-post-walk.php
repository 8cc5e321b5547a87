<?php
/**
 * All posts that the service might know, one handful after another.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.DB -- WP_Query cannot say "after this id", which alone stays quick and whole while posts come and go.

/**
 * A walk by id: however many posts there are, a step costs the same.
 */
final class Post_Walk {

	/** Patterns within which a pattern is looked for; each costs a search through all posts. */
	const MOST_PATTERNS = 20;

	/**
	 * The ids after one, with their posts read.
	 *
	 * @param int $after The last id of the step before, or 0.
	 * @param int $limit How many at most.
	 * @return int[]
	 */
	public static function after( $after, $limit ) {
		global $wpdb;
		$types = Document_Rule::types();
		if ( ! $types ) {
			return array();
		}
		if ( function_exists( 'wp_cache_supports' ) && wp_cache_supports( 'flush_runtime' ) ) {
			wp_cache_flush_runtime(); // The posts of the step before are not needed any more.
		}
		$ids = array_map( 'intval', $wpdb->get_col( $wpdb->prepare( "SELECT ID FROM $wpdb->posts WHERE ID > %d AND " . self::condition( $types ) . ' ORDER BY ID LIMIT %d', $after, $limit ) ) );
		_prime_post_caches( $ids, true, true );
		return $ids;
	}

	/**
	 * How many there are.
	 *
	 * @return int
	 */
	public static function count() {
		global $wpdb;
		$types = Document_Rule::types();
		return $types ? (int) $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->posts WHERE " . self::condition( $types ) ) : 0;
	}

	/**
	 * Published posts without a password that show a pattern, by itself or within others.
	 *
	 * @param int $block_id The pattern.
	 * @param int $limit    How many at most.
	 * @return int[]
	 */
	public static function with_block( $block_id, $limit ) {
		$patterns = array( (int) $block_id );
		for ( $at = 0; $at < count( $patterns ) && count( $patterns ) < self::MOST_PATTERNS; ++$at ) {
			$patterns = array_values( array_unique( array_merge( $patterns, self::holding( $patterns[ $at ], array( 'wp_block' ), self::MOST_PATTERNS ) ) ) );
		}
		$found = array();
		foreach ( $patterns as $pattern ) {
			$found = array_merge( $found, self::holding( $pattern, Document_Rule::types(), $limit ) );
		}
		return array_slice( array_values( array_unique( $found ) ), 0, $limit );
	}

	/**
	 * Published posts without a password in whose content a pattern stands.
	 *
	 * @param int      $block_id The pattern.
	 * @param string[] $types    Kinds of posts.
	 * @param int      $limit    How many at most.
	 * @return int[]
	 */
	private static function holding( $block_id, array $types, $limit ) {
		global $wpdb;
		$like = '%' . $wpdb->esc_like( '<!-- wp:block {"ref":' . $block_id ) . '%';
		return $types ? array_map( 'intval', $wpdb->get_col( $wpdb->prepare( "SELECT ID FROM $wpdb->posts WHERE post_content LIKE %s AND " . self::condition( $types ) . ' LIMIT %d', $like, $limit ) ) ) : array();
	}

	/**
	 * What a post must be like; Document_Rule looks closer.
	 *
	 * @param string[] $types Kinds of posts.
	 * @return string SQL.
	 */
	private static function condition( array $types ) {
		global $wpdb;
		return $wpdb->prepare( 'post_type IN (' . implode( ',', array_fill( 0, count( $types ), '%s' ) ) . ") AND post_status = 'publish' AND post_password = ''", $types );
	}
}
