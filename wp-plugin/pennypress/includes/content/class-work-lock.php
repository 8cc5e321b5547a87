<?php
/**
 * One at a time.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.DB -- only the database itself can say who was first; the options' cache cannot.

/**
 * However many processes are ready to work, one works on a comparison: it must not take more of the server than that.
 */
final class Work_Lock {

	const OPTION = 'pennypress_lock';

	/** Seconds without a word after which the one who has the lock is taken for dead. */
	const LONGEST_SILENCE = 90;

	/**
	 * What stands in the lock while it is ours; empty if it is not.
	 *
	 * @var string
	 */
	private static $mine = '';

	/**
	 * Takes the lock if it is free.
	 *
	 * @return bool
	 */
	public static function take() {
		global $wpdb;
		$mark   = time() . ' ' . bin2hex( random_bytes( 6 ) );
		$before = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", self::OPTION ) );
		if ( null === $before ) {
			$taken = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $wpdb->options (option_name, option_value, autoload) VALUES (%s, %s, 'no')", self::OPTION, $mark ) );
		} elseif ( (int) $before < time() - self::LONGEST_SILENCE ) {
			$taken = $wpdb->query( $wpdb->prepare( "UPDATE $wpdb->options SET option_value = %s WHERE option_name = %s AND option_value = %s", $mark, self::OPTION, $before ) );
		} else {
			$taken = 0;
		}
		self::$mine = $taken ? $mark : '';
		return (bool) $taken;
	}

	/**
	 * Says that the one who has the lock is alive.
	 */
	public static function keep() {
		global $wpdb;
		if ( '' === self::$mine || (int) self::$mine >= time() - 5 ) {
			return;
		}
		$mark = time() . strstr( self::$mine, ' ' );
		$kept = $wpdb->query( $wpdb->prepare( "UPDATE $wpdb->options SET option_value = %s WHERE option_name = %s AND option_value = %s", $mark, self::OPTION, self::$mine ) );

		self::$mine = $kept ? $mark : '';
	}

	/**
	 * Whether someone works, here or in another process.
	 *
	 * @return bool
	 */
	public static function is_taken() {
		global $wpdb;
		$mark = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", self::OPTION ) );
		return null !== $mark && (int) $mark >= time() - self::LONGEST_SILENCE;
	}

	/**
	 * Gives the lock back.
	 */
	public static function release() {
		global $wpdb;
		if ( '' !== self::$mine ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name = %s AND option_value = %s", self::OPTION, self::$mine ) );
			self::$mine = '';
		}
	}
}
